"""How results look: tables, and the rows of a check."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How one row of a check ended."""

    WELL = "✓"
    WRONG = "✗"
    UNKNOWN = "–"
    """It couldn't be seen, or it says nothing: no reason to fail."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was checked."""

    mark: Mark
    what: str
    found: str
    to_do: str = ""
    """What to do about it, as a sentence."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with aligned columns."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in (header, *rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def shown(rows: Sequence[Row]) -> str:
    """Return a check's rows as text."""
    width = max((len(row.what) for row in rows), default=0)
    lines = []
    for row in rows:
        lines.append(f"{row.mark} {row.what.ljust(width)}  {row.found}")
        if row.to_do:
            lines.append(f"  {' ' * width}  → {row.to_do}")
    return "\n".join(lines)


def as_json(store: str, rows: Sequence[Row]) -> str:
    """Return a check's rows for programs."""
    document = {
        "store": store,
        "well": all(row.mark is not Mark.WRONG for row in rows),
        "rows": [
            {
                "mark": row.mark.name.lower(),
                "what": row.what,
                "found": row.found,
                "to_do": row.to_do,
            }
            for row in rows
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
