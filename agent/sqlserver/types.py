"""Values of the types that pyodbc reads wrongly, or not at all."""

import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Protocol

from agent.values import Unreadable

_NO_SUCH_TYPE = "HY106"  # pyodbc's own words for a type that it doesn't know
_LONGEST_REASON = 100
_SMALLEST, _LARGEST = 6, 9
"""Significant digits: every decimal of 6 survives as a real, and 9 tell all reals apart (IEEE 754)."""


class Converts(Protocol):
    """The part of pyodbc's connection that takes converters."""

    def add_output_converter(self, sql_type: int, convert: Callable[[bytes], object]) -> None: ...  # noqa: D102  as pyodbc's


def add_converters(connection: Converts) -> None:
    """Let a connection return values of these types as they are, or as Unreadable."""
    for sql_type, convert in _CONVERTERS.items():
        connection.add_output_converter(sql_type, convert)


def is_of_one_row(error: Exception) -> bool:
    """Return whether the driver read a row, and only could not make Python values of it."""
    return isinstance(error, ValueError | OverflowError) or _NO_SUCH_TYPE in error.args


def unreadable_row(error: Exception, columns: int) -> Sequence[object]:
    """Return a row that the driver could not read, as a row of which nothing is known."""
    reason = " ".join(str(error.args[0] if error.args else error).split())[:_LONGEST_REASON]
    return [Unreadable(f"values that the driver can't read ({reason})")] * columns


def _text(data: bytes | None) -> str | None:
    """Return UTF-16 as text, half a character included: its product alone is then rejected."""
    return None if data is None else data.decode("utf-16-le", "surrogatepass")


def _real(data: bytes | None) -> Decimal | None:
    """Return the shortest decimal that means the same real."""
    if not data:
        return None
    (value,) = struct.unpack("<f", data)
    for digits in range(_SMALLEST, _LARGEST):
        text = f"{value:.{digits}g}"
        if struct.pack("<f", float(text)) == data:
            return Decimal(text)
    return Decimal(f"{value:.{_LARGEST}g}")


def _whole(data: bytes | None, *, signed: bool = True) -> int | None:
    return int.from_bytes(data, "little", signed=signed) if data else None


def _unreadable(kind: str, data: bytes | None) -> Unreadable | None:
    return None if data is None else Unreadable(f"values of the type {kind}")


_CONVERTERS: dict[int, Callable[[bytes | None], object]] = {
    **dict.fromkeys((-8, -9, -10), _text),  # nchar, nvarchar, ntext
    7: _real,
    -155: partial(_unreadable, "datetimeoffset"),
    -151: partial(_unreadable, "geography or another one of .NET"),
    # An sql_variant has a type for each value, which the driver names by ODBC's codes for C.
    **dict.fromkeys((-15, -16, -25), _whole),
    -28: partial(_whole, signed=False),
}
"""By ODBC's code of the SQL type (sql.h, sqlext.h, msodbcsql.h)."""
