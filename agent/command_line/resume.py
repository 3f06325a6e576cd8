"""The command `resume`: takes up a run again that failed or lost its session."""

import argparse
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from agent.command_line.command import Call, Command, storage_for
from agent.command_line.finding import find_run
from agent.command_line.outcome import where_to_look
from agent.command_line.session import session
from agent.command_line.waiting import Waiter, add_rejections, add_timeout, report
from agent.errors import AgentError, ExitCode, SettingsError
from agent.rejections import check_place
from agent.saying import say
from agent.showing import shown, shown_run
from contract.run import Run, RunState


@dataclass(frozen=True, slots=True)
class ResumeArguments:
    """What the user asked for."""

    run: str
    """A run's id, or the beginning of it."""

    no_wait: bool
    rejections: Path | None
    timeout: float
    """Seconds."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id, or enough of it")
    parser.add_argument("--no-wait", action="store_true", help="don't wait for the outcome")
    add_rejections(parser)
    add_timeout(parser)


def _run(call: Call, arguments: ResumeArguments) -> ExitCode:
    if arguments.rejections is not None:
        if arguments.no_wait:
            raise SettingsError(
                "--rejections needs an outcome to write down, which --no-wait doesn't wait for.",
                "Leave one of them out.",
            )
        check_place(arguments.rejections)
    settings = call.settings(with_storage=True, reads_products=False)
    with closing(call.progress()) as progress, closing(storage_for(settings)) as storage:
        run = find_run(storage, settings.store, arguments.run)
        if reason := why_not(run):
            raise AgentError(*reason)
        with session(call.state_folder(settings), call.redaction) as this:
            storage.ask_to_resume(run.store, run.run)
            this.has_begun(run.run)
            if not arguments.no_wait:
                waiter = Waiter(storage, arguments.timeout, progress)
                ended = waiter.outcome(run.store, run.run, ended=run)
                code = this.has_ended(ended)
                report(ended, arguments.rejections)
                return code
            this.message = "The run will be taken up again."
            this.exit_code = ExitCode.SUCCEEDED
    say(this.message, where_to_look(run.run))
    return ExitCode.SUCCEEDED


def why_not(run: Run) -> tuple[str, str] | None:
    """Return why a run can't be resumed, and what to do instead; None if it can be."""
    begin = f"The run {shown(run.run)} can't be resumed:"
    match run.state:
        case RunState.FAILED | RunState.SESSION_EXPIRED:
            return None
        case RunState.SUCCEEDED | RunState.COMPLETED_WITH_REJECTIONS:
            return f"{begin} it is done.", "To send the products again, run `shopmaster upload`."
        case RunState.SENDING | RunState.WAITING:
            return (
                f"{begin} it is under way ({run.state}).",
                f"To see how it goes on: `shopmaster status {shown_run(run.run)} --follow`.",
            )
        case RunState.INVALID_CATALOG:
            return f"{begin} its catalogue can't be read.", "Run `shopmaster upload` instead."
        case RunState.SUPERSEDED:
            return (
                f"{begin} a newer catalogue has taken its place, whose prices it would undo.",
                "`shopmaster status` shows the newer one.",
            )
        case _:
            assert_never(run.state)


RESUME = Command(
    name="resume",
    add_arguments=_add_arguments,
    arguments=ResumeArguments,
    run=_run,
)
