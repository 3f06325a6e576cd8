"""Waits for a run's outcome and reports it: what `upload`, `resume` and `status --follow` share."""

import argparse
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agent.command_line.command import CLOCK
from agent.command_line.outcome import (
    MAX_SHOWN,
    describe_run,
    describe_unfinished,
    so_far,
    where_to_look,
)
from agent.errors import NoOutcomeError, StoppedError, StorageError
from agent.export import Progress
from agent.following import Follower, RunRecords, StoppedFollowing
from agent.rejections import write_rejections
from agent.saying import say
from contract.blobs import RunId, StoreName
from contract.product import Rejection
from contract.run import Run

_DEFAULT_TIMEOUT = "30m"
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add `--timeout`, in seconds."""
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=_DEFAULT_TIMEOUT,
        metavar="TIME",
        help=f"how long to wait for the outcome: 90s, 10m, 2h (default: {_DEFAULT_TIMEOUT})",
    )


def add_rejections(parser: argparse.ArgumentParser) -> None:
    """Add `--rejections`."""
    parser.add_argument(
        "--rejections",
        type=Path,
        metavar="FILE",
        help="write the rejected products to FILE, for a spreadsheet (CSV)",
    )


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]+)?)([smh]?)", text.strip().lower())
    if match is None or float(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 10m or 2h")
    return float(match[1]) * _UNITS[match[2]]


@dataclass(frozen=True, slots=True)
class Waiter:
    """Waits for the outcome of runs, for at most `seconds`."""

    records: RunRecords
    seconds: float
    progress: Progress

    def outcome(self, store: StoreName, run: RunId, ended: Run | None = None) -> Run:
        """Return a run that has ended; `ended` is how it stood when it was resumed.

        Raises NoOutcomeError if it takes too long, StorageError if its record can't be read, and
        StoppedError if the user stops waiting.
        """
        goes_on = "The upload is done, and its run goes on in the cloud."
        look = where_to_look(run)
        try:
            follower = Follower(self.records, CLOCK, self.progress)
            found = follower.follow(store, run, self.seconds, ended)
        except StorageError as error:
            raise StorageError(f"{error} {goes_on}\n{look}") from error
        except KeyboardInterrupt as stopped:
            seen = stopped.run if isinstance(stopped, StoppedFollowing) else None
            far = f" {so_far(seen)}" if seen is not None else ""
            raise StoppedError(f"Stopped waiting. {goes_on}{far}\n{look}") from None
        if found is None or not found.state.is_final:
            raise NoOutcomeError(describe_unfinished(found, run, self.seconds))
        return found


def report(run: Run, rejections: Path | None, most: int = MAX_SHOWN) -> None:
    """Print how a run ended, and write its rejections to a file if one is named."""
    say(describe_run(run, most))
    if rejections is not None:
        report_rejections(rejections, run.rejections, run.rejected)


def report_rejections(path: Path, listed: Iterable[Rejection], count: int) -> None:
    """Write rejections to a file and say so; raises AgentError if it can't be written."""
    rejections = tuple(listed)
    write_rejections(path, rejections)
    of = f"the first {len(rejections):,} of {count:,}" if count > len(rejections) else f"{count:,}"
    say(f"\nRejected products written to {path}: {of}.")
