"""SQL Server's column types in TDS: their TYPE_INFO, and their values in a row."""

import re
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

COLLATION = bytes.fromhex("0904d00034")
"""SQL_Latin1_General_CP1_CI_AS: the usual collation of an English server; varchar is cp1252."""

COLLATION_NAME = "SQL_Latin1_General_CP1_CI_AS"

_DECLARATION = re.compile(r"(\w+)(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?\Z")
_NULL_BYTE = b"\0"
_NULL_LENGTH = b"\xff\xff"
_NULL_LONG = b"\xff" * 8
_MAX = 0xFFFF


@dataclass(frozen=True, slots=True)
class SqlType:
    """How one declared type is stored and sent."""

    info: bytes
    """TYPE_INFO, as in COLMETADATA."""

    store: Callable[[Any], Any]
    """Converts a Python value (not None) to what SQLite stores, which sorts as in SQL Server."""

    encode: Callable[[Any], bytes]
    """Converts a stored value, or None, to its bytes in a row."""

    is_text: bool = False


def sql_type(declaration: str) -> SqlType:
    """Return the type declared as in `numeric(18,2)`; raise ValueError for an unsupported one."""
    match = _DECLARATION.match(declaration.strip().lower())
    if match is None or match[1] not in _FAMILIES:
        raise ValueError(f"the stand-in has no type {declaration!r}")
    return _FAMILIES[match[1]](match[1], match[2], int(match[3] or 0))


def _integer(name: str, _size: str | None, _scale: int) -> SqlType:
    width = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[name]
    length = bytes([width])

    def encode(value: int | None) -> bytes:
        if value is None:
            return _NULL_BYTE
        return length + value.to_bytes(width, "little", signed=width > 1)

    return SqlType(bytes([0x26, width]), int, encode)


def _bit(_name: str, _size: str | None, _scale: int) -> SqlType:
    def encode(value: int | None) -> bytes:
        return _NULL_BYTE if value is None else bytes([1, value])

    return SqlType(b"\x68\x01", int, encode)


def _float(_name: str, _size: str | None, _scale: int) -> SqlType:
    def encode(value: float | None) -> bytes:
        return _NULL_BYTE if value is None else struct.pack("<Bd", 8, value)

    return SqlType(b"\x6d\x08", float, encode)


def _numeric(_name: str, size: str | None, scale: int) -> SqlType:
    """Return a type that is stored as an integer: `numeric(18,2)` stores 12.50 as 1250."""
    precision = int(size or 18)
    if precision > 18:
        raise ValueError("the stand-in supports numerics of at most 18 digits")
    width = 5 if precision <= 9 else 9

    def encode(value: int | None) -> bytes:
        if value is None:
            return _NULL_BYTE
        return bytes([width, value >= 0]) + abs(value).to_bytes(width - 1, "little")

    return SqlType(bytes([0x6C, width, precision, scale]), _scaled(scale), encode)


def _money(_name: str, _size: str | None, _scale: int) -> SqlType:
    def encode(value: int | None) -> bytes:
        if value is None:
            return _NULL_BYTE
        return struct.pack("<BiI", 8, value >> 32, value & 0xFFFFFFFF)

    return SqlType(b"\x6e\x08", _scaled(4), encode)


def _scaled(scale: int) -> Callable[[Any], int]:
    def store(value: Any) -> int:
        scaled = Decimal(value).scaleb(scale)
        if scaled != int(scaled):
            raise ValueError(f"{value} has more than {scale} decimals")
        return int(scaled)

    return store


def _text(name: str, size: str | None, _scale: int) -> SqlType:
    wide = name.startswith("n")
    encoding = "utf-16-le" if wide else "cp1252"
    token = b"\xe7" if wide else b"\xa7"
    pad = int(size or 1) if name.endswith("char") and "var" not in name else 0

    def store(value: Any) -> str:
        return str(value).ljust(pad)

    def encode(value: str | None) -> bytes:
        if value is None:
            return _NULL_LENGTH
        data = value.encode(encoding)
        return struct.pack("<H", len(data)) + data

    def encode_max(value: str | None) -> bytes:
        """Encode a value of nvarchar(max) or varchar(max), sent in chunks: here always in one."""
        if value is None:
            return _NULL_LONG
        data = value.encode(encoding)
        chunk = struct.pack("<I", len(data)) + data if data else b""
        return struct.pack("<Q", len(data)) + chunk + b"\0\0\0\0"

    unbounded = size == "max"
    bytes_at_most = _MAX if unbounded else int(size or 1) * (2 if wide else 1)
    info = token + struct.pack("<H", bytes_at_most) + COLLATION
    return SqlType(info, store, encode_max if unbounded else encode, is_text=True)


def _binary(_name: str, size: str | None, _scale: int) -> SqlType:
    def encode(value: bytes | None) -> bytes:
        return _NULL_LENGTH if value is None else struct.pack("<H", len(value)) + value

    return SqlType(b"\xa5" + struct.pack("<H", int(size or 1)), bytes, encode)


def _uniqueidentifier(_name: str, _size: str | None, _scale: int) -> SqlType:
    def encode(value: str | None) -> bytes:
        return _NULL_BYTE if value is None else b"\x10" + uuid.UUID(value).bytes_le

    return SqlType(b"\x24\x10", str, encode)


_FAMILIES: dict[str, Callable[[str, str | None, int], SqlType]] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), _integer),
    **dict.fromkeys(("numeric", "decimal"), _numeric),
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar"), _text),
    "varbinary": _binary,
    "bit": _bit,
    "float": _float,
    "money": _money,
    "uniqueidentifier": _uniqueidentifier,
}
