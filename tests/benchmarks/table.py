"""Measurements as a table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement."""

    what: str
    value: float
    unit: str
    beside: float | None = None
    """The same measurement of what was run beside it; None if this is that line."""

    @property
    def cells(self) -> tuple[str, str, str]:
        """What is measured, the value with its unit, and the ratio."""
        ratio = "" if self.beside is None else f"× {self.value / self.beside:.2f}"
        digits = 3 if self.value < 10 else 0
        return self.what, f"{self.value:,.{digits}f} {self.unit}", ratio


def table(title: str, lines: Sequence[Line]) -> str:
    """Return the lines as aligned text."""
    cells = [line.cells for line in lines]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    rows = (
        f"  {what:<{widths[0]}}  {value:>{widths[1]}}  {ratio:>{widths[2]}}".rstrip()
        for what, value, ratio in cells
    )
    return "\n".join((title, *rows, ""))
