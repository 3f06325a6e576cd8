"""Turns a row as a database returns it into the few types that a catalogue takes."""

from collections.abc import Sequence
from decimal import Decimal

from agent.errors import DatabaseError, DatabaseProblem
from agent.names import Columns
from contract.product import CatalogRow

_PLAIN = frozenset({str, int, Decimal, type(None)})
_UNFIT: list[object] = []
"""Replaces a value of a type that can't be sent: its product is then rejected, and no other."""


def catalog_row(row: Sequence[object], columns: Columns) -> CatalogRow:
    """Return the row with each value as text, a whole number, an exact decimal, or None.

    A float becomes the shortest decimal that means the same; a value of any other type, its text. An
    id that is a whole number is an integer even where its column is a numeric. Raises DatabaseError
    for raw bytes.
    """
    product_id = _plain(row[0], columns.product_id)
    product_name = _plain(row[1], columns.product_name)
    return CatalogRow(
        product_id=_whole(product_id) if isinstance(product_id, Decimal) else product_id,
        product_name=_UNFIT if isinstance(product_name, Decimal) else product_name,
        sell_price=_plain(row[2], columns.sell_price),
    )


def _plain(value: object, column: str) -> object:
    if type(value) in _PLAIN:  # faster than four isinstance, and true of nearly every value
        return value
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, int):  # a bit
        return int(value)
    if isinstance(value, bytes | bytearray):
        raise DatabaseError(
            DatabaseProblem.VALUE,
            f"The column {column} contains raw bytes instead of text or a number. "
            "Correct [columns] in the settings.",
        )
    return str(value)


def _whole(number: Decimal) -> object:
    if number.is_finite() and number == number.to_integral_value():
        return int(number)
    return _UNFIT
