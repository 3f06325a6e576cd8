"""How far a step of a command is, how fast it goes, and how long the rest takes, in words."""

from collections import deque
from dataclasses import dataclass, field

_WINDOW = 30.0
"""Seconds that the pace is measured over: what was before says little of what comes."""


class Pace:
    """The pace of one step."""

    def __init__(self) -> None:
        self._reached: deque[tuple[float, int]] = deque()

    def reach(self, done: int, now: float) -> None:
        """Note how much is done `now`, in seconds of a clock that never goes back."""
        self._reached.append((now, done))
        # The first one kept is the last from before the window.
        while len(self._reached) > 2 and self._reached[1][0] <= now - _WINDOW:
            self._reached.popleft()

    @property
    def per_second(self) -> float | None:
        """How much is done in a second; None if too little has happened to say."""
        if not self._reached:
            return None
        (begun, before), (now, done) = self._reached[0], self._reached[-1]
        if now - begun < 1 or done <= before:
            return None
        return (done - before) / (now - begun)

    def seconds_left(self, total: int | None) -> float | None:
        """Return how long it takes until `total` is done; None if nobody knows."""
        pace = self.per_second
        if total is None or pace is None:
            return None
        return max(0.0, total - self._reached[-1][1]) / pace


@dataclass(slots=True)
class Step:
    """How far a step is, in words."""

    what: str = ""
    unit: str = ""
    """In the plural; `B` for bytes."""

    done: int = 0
    total: int | None = None
    detail: str = ""
    pace: Pace = field(default_factory=Pace)

    def reach(self, done: int, total: int | None, detail: str, now: float) -> None:
        """Note how far it is `now`, in seconds of a clock that never goes back."""
        self.done, self.total = done, total or self.total
        self.detail = detail or self.detail
        self.pace.reach(done, now)

    def amount(self, count: float) -> str:
        """Return an amount without its unit, unless that is bytes."""
        if self.unit == "B":
            return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
        return f"{count:,.0f}"

    def with_unit(self, count: int) -> str:
        """Return an amount with its unit."""
        return self.amount(count) if self.unit == "B" else f"{self.amount(count)} {self.unit}"

    def speed(self) -> list[str]:
        """Return the rate and the time that is left, as far as they are known."""
        rate, left = self.pace.per_second, self.pace.seconds_left(self.total)
        said = [] if rate is None else [f"{self.amount(max(rate, 1))}/s"]
        return said if left is None else [*said, f"{_clock(left)} left"]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
