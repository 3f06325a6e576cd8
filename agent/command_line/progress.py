"""Shows a command's progress on standard error: a bar on a terminal, otherwise a few plain lines."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TextIO

from agent.command_line.step import Step
from agent.export import Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars

_SECONDS_A_LINE = 30.0
_SECONDS_A_LOOK = 0.1
_ROOM = 3
"""Columns beside the bar, for the ^C that a terminal shows: on a line of its own it would leave a bar there."""

_NARROW = 60
"""Columns; a narrower terminal has no room for a bar beside its text."""


class ShownProgress(Progress, Protocol):
    """A progress that occupies a part of the screen until it is closed."""

    def close(self) -> None:
        """Free that part of the screen."""


def shown_on(stream: TextIO, *, plain: bool) -> ShownProgress:
    """Return a progress for `stream`: a bar on a terminal; lines otherwise, or if `plain`."""
    if plain or not stream.isatty():
        return LineProgress(stream)
    from rich.console import Console  # noqa: PLC0415  most commands don't need it

    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    return LineProgress(stream) if console.is_dumb_terminal else BarProgress(console)


class BarProgress:
    """A bar for each step."""

    def __init__(self, console: "Console", monotonic: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        console.width = max(console.width - _ROOM, 1)
        self._monotonic = monotonic
        self._step = Step()
        self._bars: Bars | None = None
        self._looked_at = 0.0

    def begin(self, what: str, unit: str, total: Callable[[], int | None]) -> None:
        """Show a new bar."""
        from rich import progress as bars  # noqa: PLC0415  most commands don't need it
        from rich.table import Column  # noqa: PLC0415  as above

        self.close()
        bar = [bars.BarColumn(None, table_column=Column(ratio=1))]
        text = Column(no_wrap=True, overflow="ellipsis")
        self._bars = bars.Progress(
            bars.TextColumn("{task.description}", markup=False, table_column=text),
            *(bar if self._console.width >= _NARROW else ()),
            bars.TextColumn("{task.fields[reached]}", markup=False, table_column=text),
            console=self._console,
            # No thread of its own: what it raises when the terminal is closed would reach nobody.
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            transient=True,
            expand=True,
        )
        self._step = Step(what, unit, total=total())
        self._bars.add_task(what, total=self._step.total, reached="")
        self._bars.start()

    def reach(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Move the bar."""
        if self._bars is None:
            return
        now, step = self._monotonic(), self._step
        step.reach(done, total, detail, now)
        if now - self._looked_at < _SECONDS_A_LOOK and done != step.total:
            return
        self._looked_at = now
        of = f" of {step.amount(step.total)}" if step.total else f" {step.unit}"
        parts = (f"{step.amount(done)}{of}", step.detail, *step.speed())
        task = self._bars.tasks[0].id
        reached = " · ".join(filter(None, parts))
        self._bars.update(task, completed=done, total=step.total, reached=reached, refresh=True)

    def say(self, sentence: str) -> None:
        """Write a line above the bar."""
        self._console.print(sentence)

    def end(self) -> None:
        """Remove the bar."""
        self.close()

    def close(self) -> None:
        """Remove the bar, if there is one."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None


class LineProgress:
    """A line when a step begins, one every half minute, and one when it is done."""

    def __init__(self, stream: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._step = Step()
        self._written_at = 0.0

    def begin(self, what: str, unit: str, total: Callable[[], int | None]) -> None:  # noqa: ARG002  as the protocol
        """Say what begins; without a bar there is no need to count a whole table first."""
        self._step = Step(what, unit)
        self._write(f"{what} …")

    def reach(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Say from time to time how far it is."""
        step = self._step
        step.reach(done, total, detail, self._monotonic())
        if self._monotonic() - self._written_at >= _SECONDS_A_LINE:
            of = f" (of {step.with_unit(step.total)})" if step.total else ""
            parts = (f"{step.with_unit(done)}{of}", step.detail, *step.speed())
            self._write(f"{step.what}: {', '.join(filter(None, parts))}")

    def say(self, sentence: str) -> None:
        """Print the sentence."""
        self._write(sentence)

    def end(self) -> None:
        """Say how far it got."""
        self._write(f"{self._step.what}: {self._step.with_unit(self._step.done)}")

    def close(self) -> None:
        """Do nothing: lines don't occupy the screen."""

    def _write(self, line: str) -> None:
        self._written_at = self._monotonic()
        print(line, file=self._stream, flush=True)
