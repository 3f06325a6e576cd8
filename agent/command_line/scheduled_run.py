"""What a schedule starts: the upload, again if the trouble may pass, and the checks that prove it."""

import argparse
import logging
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TextIO, cast

from agent.checking.row import Mark
from agent.command_line.checkup import check_up
from agent.command_line.command import CLOCK, Call, Command
from agent.command_line.upload import UPLOAD
from agent.errors import AgentError, ExitCode
from agent.following import Clock
from agent.scheduling.notes import Notes, Proof
from agent.scheduling.platforms import this_account
from agent.scheduling.retrying import PAUSES, may_pass

logger = logging.getLogger(__name__)


def run_upload(call: Call, clock: Clock = CLOCK) -> ExitCode:
    """Upload the products; if that fails before anything is uploaded and may pass, try again later."""
    # Nobody sees what it prints, so the log has it too; on Linux, systemd puts it into the journal.
    call = replace(call, is_logged=True)
    out, err = _Logged(sys.stdout), _Logged(sys.stderr)
    with redirect_stdout(cast("TextIO", out)), redirect_stderr(cast("TextIO", err)):
        for pause in PAUSES:
            try:
                return start(UPLOAD, call)
            except AgentError as error:
                if not may_pass(error):
                    raise
                again = f"The upload is tried again in {pause / 60:g} minutes."
                print(call.redaction.hide(f"{error} {again}"), file=sys.stderr, flush=True)
            clock.sleep(pause)
        return start(UPLOAD, call)


def prove(call: Call, name: str) -> ExitCode:
    """Check everything as this account, and leave the proof in the state folder."""
    settings = call.settings(with_storage=True)
    problems = [
        f"{row.finding} {row.remedy}".strip()
        for row in check_up(call, is_proof=True).rows
        if row.mark is Mark.FAILED
    ]
    code = ExitCode.FAILED if problems else ExitCode.SUCCEEDED
    proof = Proof(name, datetime.now(UTC), this_account(), code, tuple(problems))
    Notes(call.state_folder(settings)).note_proof(proof)
    return code


def start(command: Command[Any], call: Call, *arguments: str) -> ExitCode:
    """Run another command with these arguments."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.start(call, parser.parse_args(arguments))


class _Logged:
    """A stream whose lines are also logged."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in filter(None, lines):
            logger.info("%s", line)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
