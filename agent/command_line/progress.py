"""Shows a command's progress on standard error: a bar on a terminal, otherwise a few plain lines."""

import time
from collections.abc import Callable
from typing import Never, Protocol, TextIO

from agent.export import Progress

_SECONDS_A_LINE = 30.0


class ShownProgress(Progress, Protocol):
    """A progress that occupies a part of the screen until it is closed."""

    def close(self) -> None:
        """Free that part of the screen."""


def shown_on(stream: TextIO, *, plain: bool) -> ShownProgress:
    """Return a progress for `stream`: a bar on a terminal; lines otherwise, or if `plain`."""
    if plain or not stream.isatty():
        return LineProgress(stream)
    return BarProgress(stream)


class BarProgress:
    """A tqdm bar for each step."""

    def __init__(self, stream: TextIO) -> None:
        from tqdm import tqdm  # noqa: PLC0415  most commands don't need one

        tqdm.monitor_interval = 0  # no extra thread
        self._stream = stream
        self._make = tqdm
        self._bar: tqdm[Never] | None = None

    def begin(self, what: str, unit: str, total: Callable[[], int | None]) -> None:
        """Show a new bar."""
        self.close()
        self._bar = self._make(
            desc=what,
            unit=unit if unit == "B" else f" {unit}",
            unit_scale=unit == "B",
            total=total(),
            file=self._stream,
            leave=False,
            dynamic_ncols=True,
        )

    def reach(self, done: int, total: int | None = None) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.total = total or self._bar.total
            self._bar.update(done - self._bar.n)

    def say(self, sentence: str) -> None:
        """Write a line above the bar."""
        self._make.write(sentence, file=self._stream)

    def end(self) -> None:
        """Remove the bar."""
        self.close()

    def close(self) -> None:
        """Remove the bar, if there is one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class LineProgress:
    """A line when a step begins, one every half minute, and one when it is done."""

    def __init__(self, stream: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._what, self._unit = "", ""
        self._done = 0
        self._total: int | None = None
        self._written_at = 0.0

    def begin(self, what: str, unit: str, total: Callable[[], int | None]) -> None:  # noqa: ARG002  as the protocol
        """Say what begins; without a bar there is no need to count a whole table first."""
        self._what, self._unit, self._done, self._total = what, unit, 0, None
        self._write(f"{what} …")

    def reach(self, done: int, total: int | None = None) -> None:
        """Say from time to time how far it is."""
        self._done, self._total = done, total or self._total
        if self._monotonic() - self._written_at >= _SECONDS_A_LINE:
            of = f" (of {self._amount(self._total)})" if self._total else ""
            self._write(f"{self._what}: {self._amount(done)}{of}")

    def say(self, sentence: str) -> None:
        """Print the sentence."""
        self._write(sentence)

    def end(self) -> None:
        """Say how far it got."""
        self._write(f"{self._what}: {self._amount(self._done)}")

    def close(self) -> None:
        """Do nothing: lines don't occupy the screen."""

    def _amount(self, count: int) -> str:
        if self._unit == "B":
            return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
        return f"{count:,} {self._unit}"

    def _write(self, line: str) -> None:
        self._written_at = self._monotonic()
        print(line, file=self._stream, flush=True)
