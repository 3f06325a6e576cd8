"""Runs checks side by side, each in a thread of its own, and gives up those that don't answer."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, Queue

from agent.checking.row import REPORT, Mark, Row, Subject, not_checked
from agent.interruptible import MAY_BE_LEFT_BEHIND

PATIENCE = 25.0
"""Seconds that one row may take; the checks themselves should give up before."""

_POLL = 0.2  # seconds: on Windows, Ctrl-C doesn't end a wait


@dataclass(frozen=True, slots=True)
class Chain:
    """Checks of which each needs the ones before it to succeed."""

    subjects: tuple[Subject, ...]
    """In the order of the rows."""

    rows: Callable[[], Iterator[Row]]
    """Yields a row for each subject, up to one that makes the rest pointless; may raise anything."""


def side_by_side(chains: Sequence[Chain], seconds: float = PATIENCE) -> Iterator[Row]:
    """Yield a row for every subject of every chain, in their order, as soon as it is known.

    A subject that has none after `seconds` has failed. The thread that still waits for it is left
    behind (`interruptible.is_left_behind`).
    """
    for started in [_Started(chain) for chain in chains]:
        yield from _completed(started.chain, started.rows(seconds))


class _Started:
    """A chain whose thread is running."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self._queue = Queue[Row | Exception | None]()
        self._changed_at = time.monotonic()
        threading.Thread(target=self._work, name=MAY_BE_LEFT_BEHIND, daemon=True).start()

    def _work(self) -> None:
        try:
            for row in self.chain.rows():
                self._put(row)
            self._put(None)
        except Exception as error:  # noqa: BLE001  # becomes a row: the others go on
            self._put(error)

    def _put(self, item: Row | Exception | None) -> None:
        self._changed_at = time.monotonic()
        self._queue.put(item)

    def rows(self, seconds: float) -> Iterator[Row | Exception]:
        """Yield what the thread finds out, up to an error: a TimeoutError if it takes too long."""
        while True:
            try:
                item = self._queue.get(timeout=_POLL)
            except Empty:
                if time.monotonic() - self._changed_at > seconds:
                    yield TimeoutError(f"{seconds:g} s")
                    return
                continue
            if item is not None:
                yield item
            if not isinstance(item, Row):
                return


def _completed(chain: Chain, found: Iterator[Row | Exception]) -> Iterator[Row]:
    """Yield the rows of a chain in the order of its subjects, with one for each that it left out."""
    left = list(chain.subjects)
    cause = left[0]
    for item in found:
        row = _row_for(left[0], item) if isinstance(item, Exception) else item
        if row.mark is Mark.FAILED:
            cause = row.subject
        while left[0] is not row.subject:
            yield not_checked(left.pop(0), because=cause)
        yield row
        left.remove(row.subject)
    for subject in left:
        yield not_checked(subject, because=cause)


def _row_for(subject: Subject, error: Exception) -> Row:
    if isinstance(error, TimeoutError):
        finding = f"This took longer than {error}, so it was given up."
        return Row(subject, Mark.FAILED, finding, f"Try again. If it stays so: {REPORT}")
    what = f"Something unexpected happened ({type(error).__name__})."
    return Row(subject, Mark.FAILED, what, REPORT)
