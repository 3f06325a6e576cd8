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

_DECLARATION = re.compile(r"(\w+)(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
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


def _float(name: str, _size: str | None, _scale: int) -> SqlType:
    width, form = (4, "<Bf") if name == "real" else (8, "<Bd")

    def encode(value: float | None) -> bytes:
        return _NULL_BYTE if value is None else struct.pack(form, width, value)

    return SqlType(bytes([0x6D, width]), float, encode)


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

    def store(value: Any) -> str | bytes:
        padded = str(value).ljust(pad)
        if _SURROGATE.search(padded):  # SQLite takes it only as bytes
            return padded.encode(encoding, "surrogatepass")
        return padded

    def as_bytes(value: str | bytes) -> bytes:
        return value if isinstance(value, bytes) else value.encode(encoding)

    def encode(value: str | bytes | None) -> bytes:
        if value is None:
            return _NULL_LENGTH
        data = as_bytes(value)
        return struct.pack("<H", len(data)) + data

    def encode_max(value: str | bytes | None) -> bytes:
        return _NULL_LONG if value is None else _in_one_chunk(as_bytes(value))

    unbounded = size == "max"
    bytes_at_most = _MAX if unbounded else int(size or 1) * (2 if wide else 1)
    info = token + struct.pack("<H", bytes_at_most) + COLLATION
    return SqlType(info, store, encode_max if unbounded else encode, is_text=True)


def _in_one_chunk(data: bytes) -> bytes:
    """Encode a value of a type without a limit, such as nvarchar(max), which is sent in chunks."""
    chunk = struct.pack("<I", len(data)) + data if data else b""
    return struct.pack("<Q", len(data)) + chunk + b"\0\0\0\0"


def _xml(_name: str, _size: str | None, _scale: int) -> SqlType:
    def encode(value: str | None) -> bytes:
        return _NULL_LONG if value is None else _in_one_chunk(value.encode("utf-16"))

    return SqlType(b"\xf1\0", str, encode)


def _geography(_name: str, _size: str | None, _scale: int) -> SqlType:
    """A type of .NET's that every SQL Server has; its values are bytes."""
    names = b"".join(
        bytes([len(each)]) + each.encode("utf-16-le") for each in ("master", "sys", "geography")
    )
    assembly = "Microsoft.SqlServer.Types.SqlGeography, Microsoft.SqlServer.Types"
    described = names + struct.pack("<H", len(assembly)) + assembly.encode("utf-16-le")

    def encode(value: bytes | None) -> bytes:
        return _NULL_LONG if value is None else _in_one_chunk(value)

    return SqlType(b"\xf0\xff\xff" + described, bytes, encode)


def _datetimeoffset(_name: str, _size: str | None, _scale: int) -> SqlType:
    """A type whose values a test gives as the ten bytes that go over the wire."""

    def encode(value: bytes | None) -> bytes:
        return _NULL_BYTE if value is None else bytes([len(value)]) + value

    return SqlType(b"\x2b\x07", bytes, encode)


def _sql_variant(_name: str, _size: str | None, _scale: int) -> SqlType:
    """A type whose values are whole numbers (sent as int), text (as nvarchar) or bytes (as varbinary).

    `midnight` is sent as a time.
    """

    def encode(value: str | int | bytes | None) -> bytes:
        if value is None:
            return b"\0\0\0\0"
        if value == "midnight":
            data = b"\x29\x01\x07" + bytes(5)
        elif isinstance(value, int):
            data = b"\x38\0" + struct.pack("<i", value)
        elif isinstance(value, bytes):
            data = b"\xa5\x02" + struct.pack("<H", 8000) + value
        else:
            data = b"\xe7\x07" + COLLATION + struct.pack("<H", 8000) + value.encode("utf-16-le")
        return struct.pack("<I", len(data)) + data

    return SqlType(b"\x62" + struct.pack("<I", 8009), lambda value: value, encode)


def _datetime(_name: str, _size: str | None, _scale: int) -> SqlType:
    """A type whose values a test gives as days since 1900, at midnight."""

    def encode(value: int | None) -> bytes:
        return _NULL_BYTE if value is None else struct.pack("<BiI", 8, value, 0)

    return SqlType(b"\x6f\x08", int, encode)


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
    "xml": _xml,
    "geography": _geography,
    "datetime": _datetime,
    "datetimeoffset": _datetimeoffset,
    "sql_variant": _sql_variant,
    "bit": _bit,
    **dict.fromkeys(("real", "float"), _float),
    "money": _money,
    "uniqueidentifier": _uniqueidentifier,
}
