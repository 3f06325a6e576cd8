"""What a database hands out, as the few types a catalogue takes."""

from decimal import Decimal

from agent.errors import DatabaseError, DatabaseProblem

PlainValue = str | int | Decimal | None

_PLAIN = frozenset({str, int, Decimal, type(None)})


def plain_value(value: object, column: str) -> PlainValue:
    """Give a value as text, a whole number or an exact decimal; raises DatabaseError for raw bytes.

    A float becomes the shortest decimal that means the same; what is none of these, its text.
    """
    if type(value) in _PLAIN:
        return value  # type: ignore[return-value]  # the set above says so, faster than four isinstance
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, int):  # a bit
        return int(value)
    if isinstance(value, bytes | bytearray):
        raise DatabaseError(
            DatabaseProblem.VALUE,
            f"The column {column} holds raw bytes instead of text or a number. "
            "Correct [columns] in the settings.",
        )
    return str(value)
