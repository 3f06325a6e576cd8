"""The command `status`: the store's latest runs, or one in full."""

import argparse
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent.command_line.command import Call, Command, storage_for
from agent.command_line.finding import Runs, find_run
from agent.command_line.outcome import exit_code, so_far
from agent.command_line.run_table import as_json, print_table
from agent.command_line.waiting import Waiter, add_rejections, add_timeout, report
from agent.errors import ExitCode, SettingsError, StoppedError
from agent.rejections import check_place
from agent.saying import say
from agent.scheduling.results import words
from agent.showing import local_time, shown, shown_run
from agent.state import LastRun, last_run
from contract.blobs import RunId, StoreName
from contract.run import MAX_REJECTIONS, Run

_LATEST = 10


@dataclass(frozen=True, slots=True)
class StatusArguments:
    """What the user asked for."""

    run: str | None
    """A run's id or the beginning of it; None for the latest runs."""

    json: bool
    follow: bool
    rejections: Path | None
    timeout: float
    """Seconds."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run",
        nargs="?",
        metavar="RUN",
        help="a run's id, or enough of it: shows that run in full, with what was rejected",
    )
    parser.add_argument("--json", action="store_true", help="for programs: print JSON")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="wait until the run (without RUN, the latest) has ended, and exit as upload would",
    )
    add_rejections(parser)
    add_timeout(parser)


def _run(call: Call, arguments: StatusArguments) -> ExitCode:
    if arguments.rejections is not None:
        _check(arguments)
        check_place(arguments.rejections)
    settings = call.settings(with_storage=True, reads_products=False)
    last = last_run(call.state_folder(settings))
    with closing(call.progress()) as progress, closing(storage_for(settings)) as storage:
        try:
            if new := _not_begun(storage, settings.store, arguments, last):
                waiter = Waiter(storage, arguments.timeout, progress)
                runs: Sequence[Run] = [waiter.outcome(settings.store, new)]
            else:
                runs = _wanted(storage, settings.store, arguments)
                if arguments.follow and runs:
                    runs = [_followed(Waiter(storage, arguments.timeout, progress), runs[0])]
        except KeyboardInterrupt:
            raise StoppedError("Stopped. Nothing was changed.") from None
    progress.close()
    _print(settings.store, runs, last, arguments)
    return exit_code(runs[0].state) if arguments.follow and runs else ExitCode.SUCCEEDED


def _check(arguments: StatusArguments) -> None:
    if arguments.json:
        raise SettingsError("--json contains the rejections.", "Leave out --rejections.")
    if arguments.run is None and not arguments.follow:
        raise SettingsError("--rejections writes those of one run.", "Name it: status RUN.")


def _not_begun(
    runs: Runs, store: StoreName, arguments: StatusArguments, last: LastRun | None
) -> RunId | None:
    """Return the run to follow if it is that of the last upload from here, and has no record yet.

    Between an upload and its record, the latest record is that of the run before.
    """
    if not arguments.follow or last is None or last.run is None or last.state is not None:
        return None
    wanted = last.run if arguments.run is None else arguments.run
    if not wanted or not last.run.startswith(wanted):
        return None
    return last.run if runs.read(store, last.run) is None else None


def _wanted(runs: Runs, store: StoreName, arguments: StatusArguments) -> Sequence[Run]:
    if arguments.run is not None:
        return [find_run(runs, store, arguments.run)]
    # The latest to begin, of those whose records were written last.
    latest = runs.runs(store, _LATEST)
    return latest[:1] if arguments.follow else latest


def _followed(waiter: Waiter, run: Run) -> Run:
    return run if run.state.is_final else waiter.outcome(run.store, run.run)


def _print(
    store: StoreName, runs: Sequence[Run], last: LastRun | None, arguments: StatusArguments
) -> None:
    is_one = arguments.run is not None or (arguments.follow and bool(runs))
    if arguments.json:
        print(as_json(store, runs, last))
    elif is_one:
        _print_run(runs[0], arguments.rejections)
    else:
        _print_latest(store, runs, last)


def _print_run(run: Run, rejections: Path | None) -> None:
    begun, changed = (
        local_time(each, "%Y-%m-%d %H:%M:%S") for each in (run.started_at, run.updated_at)
    )
    say(
        f"Run {shown(run.run)} of the store {run.store}: {run.state.replace('_', ' ')}",
        f"Began {begun}, last changed {changed}",
        "",
    )
    if not run.state.is_final:
        say(so_far(run), "")
    report(run, rejections, MAX_REJECTIONS)


def _print_latest(store: StoreName, runs: Sequence[Run], last: LastRun | None) -> None:
    # The record of a run may have gone on since the note was written.
    if last is not None and last.run not in {run.run for run in runs}:
        when, how = local_time(last.ended_at), words(last.exit_code)
        said = shown(last.message.partition("\n")[0])
        say(f"The last upload from this computer, {when}: {how}.", f"  {said}", "")
    if not runs:
        say(f"The store {store} has no runs yet.")
        return
    print_table(runs)
    say(f"\nOne of them in full: shopmaster status {shown_run(runs[0].run)}")


STATUS = Command(
    name="status",
    add_arguments=_add_arguments,
    arguments=StatusArguments,
    run=_run,
)
