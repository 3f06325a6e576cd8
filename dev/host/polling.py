"""When a queue is looked at again: ever later while nothing comes, at once when the bell rings."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable

_FIRST_SECONDS = 0.1


class Bells:
    """A bell for each queue, by its name: rung by whatever part of this host puts something in."""

    def __init__(self) -> None:
        self._bells: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def of(self, queue: str) -> asyncio.Event:
        """Return a queue's bell."""
        return self._bells[queue]

    def ring(self, queue: str) -> None:
        """Wake the listener of a queue."""
        self._bells[queue].set()


class BackOff:
    """The pauses between looks at a queue."""

    def __init__(
        self, factor: float, longest: float, chance: Callable[[], float] = random.random
    ) -> None:
        """Pause 0.1 s at first and `longest` seconds in the end, each times `factor`."""
        self._factor, self._longest, self._chance = factor, longest, chance
        self._empty = 0

    def next(self, *, found: bool) -> float:
        """Return the next pause in seconds, after something was `found` since the last one."""
        self._empty = 0 if found else self._empty + 1
        growth = 2.0 ** (self._empty - 1) * (0.8 + 0.4 * self._chance()) if self._empty else 0
        if _FIRST_SECONDS * (1 + growth) >= self._longest:
            self._empty -= 1  # grows no further
            return self._longest * self._factor
        return _FIRST_SECONDS * (1 + growth) * self._factor


async def pause(seconds: float, bell: asyncio.Event) -> None:
    """Wait until the bell rings, but no longer than this."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return
