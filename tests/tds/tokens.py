"""The tokens of a TDS response, as bytes."""

import struct
from collections.abc import Sequence

from tests.tds.wire_types import COLLATION, SqlType, sql_type

DONE, DONE_PROC, DONE_IN_PROC = 0xFD, 0xFE, 0xFF
MORE, ERROR, COUNT, ATTENTION = 0x01, 0x02, 0x10, 0x20
"""Bits of DONE's status.

In this order: another result follows, an error occurred, the count is valid, a cancel arrived.
"""

ROW = b"\xd1"
RETURN_STATUS_OK = b"\x79\0\0\0\0"

_NULLABLE = 0x09
_SELECT = 0xC1
_SERVER = "STANDIN"
_TDS_74 = 0x74000004
_VERSION = bytes([16, 0, 0x10, 0])  # 2022


class SqlError(Exception):
    """An error that the server answers with: SQL Server's number, severity and text."""

    def __init__(self, number: int, text: str, severity: int = 16) -> None:
        super().__init__(text)
        self.number, self.severity = number, severity

    def token(self) -> bytes:
        """Return the error as an ERROR token."""
        return _message(0xAA, self.number, str(self), self.severity)


def column_metadata(columns: Sequence[tuple[str, SqlType]]) -> bytes:
    """Return COLMETADATA for columns of these names and types."""
    described = b"".join(
        struct.pack("<IH", 0, _NULLABLE) + kind.info + _short(name) for name, kind in columns
    )
    return b"\x81" + struct.pack("<H", len(columns)) + described


def done(kind: int = DONE, status: int = 0, rows: int = 0) -> bytes:
    """Return DONE, DONEPROC or DONEINPROC."""
    command = _SELECT if status & COUNT else 0
    return struct.pack("<BHHQ", kind, status, command, rows)


def statement_handle(handle: int) -> bytes:
    """Return RETURNVALUE with the handle of a prepared statement."""
    integer = sql_type("int")
    head = b"\xac" + struct.pack("<H", 0) + _short("") + b"\x01" + struct.pack("<IH", 0, 0)
    return head + integer.info + integer.encode(handle)


def login_accepted(database: str, packet_size: int) -> bytes:
    """Return what a client receives once it is logged in."""
    program = _short("Microsoft SQL Server")
    acknowledged = b"\x01" + struct.pack(">I", _TDS_74) + program + _VERSION
    return b"".join(
        [
            _environment(1, _short(database), _short("master")),
            _message(0xAB, 5701, f"Changed database context to '{database}'.", 0),
            _environment(7, bytes([len(COLLATION)]) + COLLATION, b"\0"),
            _environment(2, _short("us_english"), _short("")),
            b"\xad" + struct.pack("<H", len(acknowledged)) + acknowledged,
            _environment(4, _short(str(packet_size)), _short("4096")),
            done(),
        ]
    )


def _environment(kind: int, new: bytes, old: bytes) -> bytes:
    body = bytes([kind]) + new + old
    return b"\xe3" + struct.pack("<H", len(body)) + body


def _message(token: int, number: int, text: str, severity: int) -> bytes:
    head = struct.pack("<IBB", number, 1, severity)
    body = head + _long(text) + _short(_SERVER) + _short("") + struct.pack("<I", 1)
    return bytes([token]) + struct.pack("<H", len(body)) + body


def _short(text: str) -> bytes:
    return bytes([len(text.encode("utf-16-le")) // 2]) + text.encode("utf-16-le")


def _long(text: str) -> bytes:
    data = text.encode("utf-16-le")
    return struct.pack("<H", len(data) // 2) + data
