"""The command line: runs the command that was written, and reports how it ended."""

import argparse
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from agent.command_line.endings import Ending, reported
from agent.command_line.parser import parsed_words
from agent.command_line.redaction import Redaction
from agent.command_line.signals import stopped_by_signals
from agent.errors import ExitCode
from agent.run_log import RunLog
from agent.scheduling.results import words
from agent.state import last_run

_SENDING = {"upload", "resume", "schedule run"}
_IN_SYSTEM_LOG = {*_SENDING, "schedule install", "schedule remove", "schedule prove"}
"""The commands that send products, or decide when: each leaves a line in the system's own log."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; `argv` is without the program's name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="replace"
            )  # a console that lacks a character must not stop us
    parsed = None
    with reported(Redaction(), verbose=False) as ending:
        parsed = parsed_words(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    if not isinstance(parsed, argparse.Namespace):
        return ending.exit_code if parsed is None else parsed
    from agent.command_line.command import Call  # noqa: PLC0415  # --help does without it

    redaction = Redaction()
    log = RunLog(redaction, redaction.hide)
    with (
        _logging(redaction, verbose=parsed.verbose),
        stopped_by_signals(),
        reported(redaction, verbose=parsed.verbose) as ending,
    ):
        call = Call(parsed.config, parsed.verbose, os.environ, redaction, log.start)
        ending.exit_code = parsed.start(call, parsed)
        sys.stdout.flush()
    _log_end(log, parsed, ending)
    return ending.exit_code


def _log_end(log: RunLog, parsed: argparse.Namespace, ending: Ending) -> None:
    """Log how the command ended: with its error or, after an upload, with what became of that."""
    name = " ".join((parsed.command, getattr(parsed, "action", ""))).strip()
    noted = last_run(log.folder) if log.folder is not None and name in _SENDING else None
    is_of_this_run = noted is not None and noted.ended_at >= log.began_at
    message = ending.message or (noted.message if noted is not None and is_of_this_run else "")
    sentence = f"shopmaster {name}: {words(ending.exit_code)} (exit code {ending.exit_code})."
    is_failure = ending.exit_code not in (ExitCode.SUCCEEDED, ExitCode.COMPLETED_WITH_REJECTIONS)
    log.end(
        f"{sentence} {message}".strip(), is_failure=is_failure, in_system=name in _IN_SYSTEM_LOG
    )


@contextmanager
def _logging(redaction: Redaction, *, verbose: bool) -> Iterator[None]:
    """Make our log; if `verbose`, show it and warnings from Azure's libraries on standard error."""
    handler = logging.StreamHandler() if verbose else logging.NullHandler()
    handler.setFormatter(redaction)
    root, ours = logging.getLogger(), logging.getLogger("agent")
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)
