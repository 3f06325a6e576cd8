"""The requests of a TDS client: PRELOGIN, LOGIN7, a batch of SQL, or a remote procedure call."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.tds.tokens import SqlError

NO_ENCRYPTION, ENCRYPTED_LOGIN, ENCRYPTED = 2, 0, 1

_PROCEDURES = {
    10: "sp_executesql",
    11: "sp_prepare",
    12: "sp_execute",
    13: "sp_prepexec",
    15: "sp_unprepare",
}
_READ_ONLY = 0x20


@dataclass(frozen=True, slots=True)
class Login:
    """What a client says about itself when it logs in."""

    user: str
    password: str = field(repr=False)
    program: str
    database: str
    packet_size: int
    read_only: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A remote procedure call; only text and whole numbers are read as parameters."""

    procedure: str
    parameters: tuple[str | int | None, ...]


def prelogin_answer(request: bytes) -> tuple[int, bytes]:
    """Return the agreed encryption, and the answer that confirms it."""
    wanted = _prelogin_options(request).get(1, bytes([NO_ENCRYPTION]))[0]
    agreed = wanted if wanted in {NO_ENCRYPTION, ENCRYPTED_LOGIN} else ENCRYPTED
    options = [(0, bytes([16, 0, 0x10, 0, 0, 0])), (1, bytes([agreed])), (2, b"\0"), (4, b"\0")]
    head, body = b"", b""
    for number, value in options:
        offset = 5 * len(options) + 1 + len(body)
        head += struct.pack(">BHH", number, offset, len(value))
        body += value
    return agreed, head + b"\xff" + body


def _prelogin_options(request: bytes) -> dict[int, bytes]:
    options = {}
    at = 0
    while request[at] != 0xFF:
        number, offset, length = struct.unpack_from(">BHH", request, at)
        options[number] = request[offset : offset + length]
        at += 5
    return options


def read_login(request: bytes) -> Login:
    """Decode LOGIN7."""

    def text(index: int) -> bytes:
        offset, characters = struct.unpack_from("<HH", request, 36 + 4 * index)
        return request[offset : offset + 2 * characters]

    hidden = (byte ^ 0xA5 for byte in text(2))
    password = bytes((byte << 4 & 0xF0) | byte >> 4 for byte in hidden)
    return Login(
        user=text(1).decode("utf-16-le"),
        password=password.decode("utf-16-le"),
        program=text(3).decode("utf-16-le"),
        database=text(8).decode("utf-16-le") or "master",
        packet_size=struct.unpack_from("<I", request, 8)[0] or 4096,
        read_only=bool(request[26] & _READ_ONLY),
    )


def read_batch(request: bytes) -> str:
    """Return the text of a batch of SQL."""
    return request[_after_headers(request) :].decode("utf-16-le")


def read_calls(request: bytes) -> Iterator[Call]:
    """Yield the calls of an RPC message, one after another."""
    at = _after_headers(request)
    while at < len(request):
        procedure, at = _procedure(request, at)
        parameters = []
        while at < len(request) and request[at] not in {0x80, 0xFF}:
            value, at = _parameter(request, at)
            parameters.append(value)
        at += 1
        yield Call(procedure, tuple(parameters))


def _after_headers(request: bytes) -> int:
    return int(struct.unpack_from("<I", request)[0])


def _procedure(request: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<H", request, at)
    if length == 0xFFFF:
        (number,) = struct.unpack_from("<H", request, at + 2)
        return _PROCEDURES.get(number, f"procedure {number}"), at + 6
    end = at + 2 + 2 * length
    name = request[at + 2 : end].decode("utf-16-le")
    return name.rpartition(".")[2].strip("[]").lower(), end + 2


def _parameter(request: bytes, at: int) -> tuple[str | int | None, int]:
    at += 1 + 2 * request[at] + 1  # its name and its status
    kind = request[at]
    if kind in {0xE7, 0xA7}:  # nvarchar, varchar
        encoding = "utf-16-le" if kind == 0xE7 else "cp1252"
        (longest,) = struct.unpack_from("<H", request, at + 1)
        data, at = (_chunks if longest == 0xFFFF else _counted)(request, at + 8)
        return None if data is None else data.decode(encoding), at
    if kind == 0x26:  # an integer of any width
        width = request[at + 2]
        end = at + 3 + width
        value = int.from_bytes(request[at + 3 : end], "little", signed=True)
        return value if width else None, end
    if kind in {0x34, 0x38}:  # smallint, int
        width = {0x34: 2, 0x38: 4}[kind]
        end = at + 1 + width
        return int.from_bytes(request[at + 1 : end], "little", signed=True), end
    raise SqlError(50000, f"The stand-in can't read parameters of type {kind:#x}.")


def _counted(request: bytes, at: int) -> tuple[bytes | None, int]:
    (length,) = struct.unpack_from("<H", request, at)
    if length == 0xFFFF:
        return None, at + 2
    return request[at + 2 : at + 2 + length], at + 2 + length


def _chunks(request: bytes, at: int) -> tuple[bytes | None, int]:
    (total,) = struct.unpack_from("<Q", request, at)
    at += 8
    if total == 0xFFFFFFFFFFFFFFFF:
        return None, at
    data = b""
    while True:
        (length,) = struct.unpack_from("<I", request, at)
        at += 4
        if not length:
            return data, at
        data += request[at : at + length]
        at += length
