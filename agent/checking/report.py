"""What `check` prints: a few lines for each row, or one JSON document for programs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.checking.row import Mark, Row, Subject
from agent.errors import ExitCode
from agent.saying import wrapped
from contract.blobs import StoreName
from contract.run_record import stamp

VERSION = 1
"""Of the JSON document: it changes when a field gets another meaning or goes."""

_WIDTH = 80
_TITLE = 2 + max(len(subject.title) for subject in Subject)


@dataclass(frozen=True, slots=True)
class Signs:
    """How the marks are written."""

    marks: Mapping[Mark, str]
    remedy: str


PRETTY = Signs(
    {Mark.OK: "✓", Mark.WARNING: "!", Mark.FAILED: "✗", Mark.NOT_CHECKED: "–"}, remedy="→ "
)
PLAIN = Signs(
    {Mark.OK: "+", Mark.WARNING: "!", Mark.FAILED: "X", Mark.NOT_CHECKED: "-"}, remedy="> "
)
"""For a console that lacks the others."""


def signs_for(encoding: str | None) -> Signs:
    """Return the signs that an output with this encoding can show."""
    try:
        "".join((*PRETTY.marks.values(), PRETTY.remedy)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return PRETTY


def described(row: Row, signs: Signs) -> str:
    """Return the lines about a row, in 80 columns; they begin with its mark."""
    title = row.subject.title
    mark = signs.marks[row.mark]
    lines = list(_wrapped(row.finding, ""))
    lines += _wrapped(row.remedy, signs.remedy)
    indent = " " * (2 + _TITLE)
    first, *more = lines or [""]
    return "\n".join([f"{mark} {title:<{_TITLE}}{first}", *(indent + line for line in more)])


def _wrapped(text: str, sign: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from wrapped(line, _WIDTH - 2 - _TITLE, sign, " " * len(sign))
        sign = " " * len(sign)


def summary(rows: Sequence[Row]) -> str:
    """Return the last line: how it is on the whole."""
    failures, warnings, unknown = (
        sum(row.mark is mark for row in rows)
        for mark in (Mark.FAILED, Mark.WARNING, Mark.NOT_CHECKED)
    )
    if failures:
        unknown_too = f" {_things(unknown, 'was', 'were')} not checked." if unknown else ""
        return f"{_things(failures, 'needs', 'need')} to be put right.{unknown_too}"
    if warnings:
        return f"Products can be uploaded. {_things(warnings, 'is', 'are')} worth a look."
    return "Everything works."


def _things(count: int, one: str, more: str) -> str:
    return f"1 thing {one}" if count == 1 else f"{count} things {more}"


def exit_code(rows: Iterable[Row]) -> ExitCode:
    """Return how `check` ends: only what failed counts, and unusable settings are wrong usage."""
    failures = {row.subject for row in rows if row.mark is Mark.FAILED}
    if Subject.SETTINGS in failures:
        return ExitCode.USAGE
    return ExitCode.FAILED if failures else ExitCode.SUCCEEDED


def as_json(
    rows: Sequence[Row], program: str, store: StoreName | None, now: datetime
) -> dict[str, object]:
    """Return the document that docs/schemas/check.json describes; `program` is the version of ours."""
    return {
        "version": VERSION,
        "shopmaster": program,
        "checked_at": stamp(now),
        "store": store,
        "exit_code": int(exit_code(rows)),
        "rows": [
            {
                "key": row.subject.key,
                "title": row.subject.title,
                "mark": row.mark.value,
                "finding": row.finding,
                "remedy": row.remedy or None,
            }
            for row in rows
        ],
    }
