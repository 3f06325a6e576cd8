"""No store's pile of catalogues keeps other stores waiting.

A worker's threads are few, and its events come one after another. So in one process, a store's catalogues are
examined one at a time and, after a few, one a second. Whichever has no turn comes back through the queue, all
of them in a random order: of n catalogues, only about ln(n) are then newer than every one before them, and
the others are superseded unread.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from contract.blobs import StoreName
from function_app.ports import Clock

_IN_A_ROW = 5
"""How many turns a store has before it gets one a second."""

_LONGEST = 240.0
"""The most seconds that a catalogue waits: sooner than the sweep would look for it."""

_APART = 0.1
"""Average seconds between two catalogues of a store that come back."""


@dataclass(slots=True)
class _Store:
    is_taken: bool = False
    used_up: float = 0.0
    """When (monotonic seconds) a turn a second will have made up for those that the store has had."""

    waiting: int = 0
    """How many of its catalogues are to come back."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose turn it is in this process; one object serves all its threads."""

    _stores: dict[StoreName, _Store] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def take(self, store: StoreName, clock: Clock) -> Iterator[timedelta | None]:
        """Take a turn for the `with` block. Yields None, or, without a turn, how long to wait."""
        with self._lock:
            mine = self._of(store)
            wait = _wait(mine, clock)
            if wait is None:
                mine.is_taken = True
                mine.used_up = max(mine.used_up, clock.monotonic()) + 1
        try:
            yield wait
        finally:
            if wait is None:
                with self._lock:
                    mine.is_taken = False

    def wait(self, store: StoreName, clock: Clock) -> timedelta | None:
        """Return None, or, if there is no turn for the store now, how long to wait."""
        with self._lock:
            return _wait(self._of(store), clock)

    def come_back(self, store: StoreName) -> None:
        """Note that a catalogue that has waited is back."""
        with self._lock:
            mine = self._of(store)
            mine.waiting = max(0, mine.waiting - 1)

    def _of(self, store: StoreName) -> _Store:
        return self._stores.setdefault(store, _Store())


def _wait(store: _Store, clock: Clock) -> timedelta | None:
    ahead = store.used_up - clock.monotonic()
    if (
        ahead <= 0 and not store.is_taken
    ):  # the pile is gone; some of it may have come back in another process
        store.waiting = 0
    if not store.is_taken and ahead <= _IN_A_ROW - 1:
        return None
    store.waiting += 1
    return timedelta(seconds=1 + clock.random() * min(_LONGEST, 1 + 2 * _APART * store.waiting))
