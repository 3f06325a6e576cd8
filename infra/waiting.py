"""Waits for something that takes Azure a while, with a clock that tests can set."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is, and how to let some pass."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


CLOCK = Clock(lambda: datetime.now(UTC), time.monotonic, time.sleep)


def wait_for(
    look: Callable[[], T | None], clock: Clock, *, patience: float, pause: float
) -> T | None:
    """Return what `look` finds, looking every `pause` seconds; None after `patience` seconds."""
    begun = clock.monotonic()
    while (found := look()) is None and clock.monotonic() - begun < patience:
        clock.sleep(pause)
    return found
