"""A server on 127.0.0.1 that answers with whatever bytes a test wants, however slowly."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as received."""

    connection: int
    """The number of the connection, from 1."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


Pieces = Iterator[bytes]
Respond = Callable[[Request], Pieces]
"""Yields a response piece by piece; a last piece of `b""` closes the connection after it."""


class OddServer:
    """Listens during the `with` block, in which `respond` may be changed."""

    def __init__(self, respond: Respond, tls: ssl.SSLContext | None = None) -> None:
        self.respond = respond
        self.requests: list[Request] = []
        self.sent = 0
        """How many bytes were sent, or put into the system's buffers."""

        self.stopping = threading.Event()
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        scheme, host = ("https", "localhost") if self._tls else ("http", "127.0.0.1")
        return f"{scheme}://{host}:{self.port}/v1"

    def __enter__(self) -> Self:
        self._start(self._listen)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.stopping.set()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            pass  # wakes the listening thread
        for connection in list(self._open):
            _close(connection)
        for thread in list(self._threads):
            thread.join()
        self._listener.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="odd server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        number = 0
        while not self.stopping.is_set():
            connection, _ = self._listener.accept()
            if self.stopping.is_set():
                connection.close()
                return
            number += 1
            self._open.append(connection)
            self._start(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as reader:
                while (request := _read(reader.readline, reader.read, number)) is not None:
                    self.requests.append(request)
                    if not self._answer(connection, request):
                        break
        _close(connection)

    def _answer(self, connection: socket.socket, request: Request) -> bool:
        for piece in self.respond(request):
            if not piece or self.stopping.is_set():
                return False
            connection.sendall(piece)
            self.sent += len(piece)
        return True


def _read(
    readline: Callable[[], bytes], read: Callable[[int], bytes], connection: int
) -> Request | None:
    line = readline().decode("latin-1").strip()
    if not line:
        return None
    headers = []
    while header := readline().decode("latin-1").strip():
        name, _, value = header.partition(":")
        headers.append((name, value.strip()))
    request = Request(connection, line, tuple(headers), b"")
    length = int(request.header("Content-Length") or 0)
    return Request(connection, line, tuple(headers), read(length))


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        connection.close()


def http(status: int, body: bytes, *headers: str) -> bytes:
    """Return a whole response as bytes."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def always(response: bytes, *, close: bool = False) -> Respond:
    """Return a `respond` that answers every request with the same bytes."""

    def respond(request: Request) -> Pieces:
        yield response
        if close:
            yield b""

    return respond
