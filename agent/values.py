"""Turns rows as a database returns them into the few types that a catalogue takes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.errors import DatabaseError, DatabaseProblem
from agent.names import Columns, shown_name
from contract.product import MAX_TEXT, CatalogRow

_PLAIN = frozenset({str, int, Decimal, type(None)})
_UNFIT: list[object] = []
"""Replaces a value that can't be sent: its product is then rejected, and no other."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value of which there is neither a text nor a number."""

    kind: str
    """What it is, in the plural: “values of the type geography”."""


_BINARY = Unreadable("binary values")


def catalog_rows(rows: Iterable[Sequence[object]], columns: Columns) -> Iterator[CatalogRow]:
    """Yield the rows with each value as text, a whole number, an exact decimal, or None.

    A float becomes the shortest decimal that means the same; a value of any other type, its text. An
    id that is a whole number is an integer even where its column is a numeric. A product with an
    unreadable value is one that the function rejects, and so is one with a text that is too long, of
    which only the beginning is passed on. Raises DatabaseError at the end if a column has no other
    values: then it is the wrong column.
    """
    doubtful: dict[int, str] = dict.fromkeys(range(len(columns)), "")
    for row in rows:
        if doubtful:
            _look(row, doubtful)
        yield _catalog_row(row)
    for place, kind in doubtful.items():
        if kind:
            raise DatabaseError(
                DatabaseProblem.VALUE,
                f"The column {shown_name(columns[place])} contains nothing but {kind}, which can't be sent.",
                "Correct [columns] in the settings.",
            )


def _look(row: Sequence[object], doubtful: dict[int, str]) -> None:
    """Keep the columns that have had no readable value so far, with what they have had instead."""
    for place in tuple(doubtful):
        value = row[place]
        if isinstance(value, bytes | bytearray):
            value = _BINARY
        if isinstance(value, Unreadable):
            doubtful[place] = value.kind
        elif value is not None:
            del doubtful[place]


def _catalog_row(row: Sequence[object]) -> CatalogRow:
    product_id, product_name, sell_price = map(_plain, row)
    return CatalogRow(
        product_id=_whole(product_id) if isinstance(product_id, Decimal) else _cut(product_id),
        product_name=_UNFIT if isinstance(product_name, Decimal) else _cut(product_name),
        sell_price=_price(sell_price),
    )


def _plain(value: object) -> object:
    if type(value) in _PLAIN:  # faster than four isinstance, and true of nearly every value
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, int):  # a bit
        return int(value)
    if isinstance(value, bytes | bytearray | Unreadable):
        return _UNFIT
    return str(value)


def _whole(number: Decimal) -> object:
    if number.is_finite() and number == number.to_integral_value():
        return int(number)
    return _UNFIT


def _cut(value: object) -> object:
    """Return a text that is too long so short that the catalogue stays readable, and still too long."""
    return value[: MAX_TEXT + 1] if isinstance(value, str) else value


def _price(value: object) -> object:
    """Return a price, of which no text is cut: the beginning of something else may be one."""
    if not isinstance(value, str) or len(value) <= MAX_TEXT:
        return value
    stripped = value.strip()  # a column of a fixed width may have thousands of spaces
    return stripped if len(stripped) <= MAX_TEXT else _UNFIT
