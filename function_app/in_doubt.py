"""How long a store is held after a POST whose outcome is not known.

Digible may carry out a POST after its sender has given up on it, or died. If the run of a newer catalogue
has sent its products by then, older prices come after newer ones. So a note beside the store's lease says
which run sent last, and until when something of it may be on its way. Until then no other run sends; the
same run may, because it sends the same products again anyway.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.blobs import RunId


@dataclass(frozen=True, slots=True)
class InDoubt:
    """That something a run has sent may not have been carried out yet."""

    run: RunId
    until: datetime | None
    """None while the run's worker sends: a note left so means that it died."""


class Doubt:
    """What is in doubt at a store while a run has its lease."""

    def __init__(
        self,
        found: InDoubt | None,
        run: RunId,
        longest: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        """`found` is the note as it was when the lease was taken.

        `longest` is how long after its sender gave up, or died, a POST may still be carried out.
        """
        self._run = run
        self._longest = longest
        self._now = now
        self._left = found
        if found is not None and found.until is None:
            self._left = InDoubt(found.run, now() + longest)

    @property
    def held_until(self) -> datetime | None:
        """Until when this run must not send because of another one; None if it may."""
        left = self.left
        return left.until if left is not None and left.run != self._run else None

    @property
    def sending(self) -> InDoubt:
        """The note to write before anything is sent."""
        return InDoubt(self._run, None)

    @property
    def left(self) -> InDoubt | None:
        """The note to leave behind."""
        left = self._left
        return left if left is not None and left.until and left.until > self._now() else None

    def add(self) -> None:
        """Note that a POST of this run ended, its outcome not known."""
        self._left = InDoubt(self._run, self._now() + self._longest)
