"""The stand-in's HTTP: a thread per connection, keep-alive, responses sent in one piece."""

import socket
import socketserver
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import ClassVar
from urllib.parse import urlsplit

from dev.digible.answers import Answer, Endless, Reply, Silence, Trickle, message
from dev.digible.api import Api

_MAX_BODY = 10_000_000
_SYNC = "/business/stores/product/sync"
_LOGIN = "/business/account/auth/login"


class SyncServer(socketserver.ThreadingTCPServer):
    """Listens on 127.0.0.1; each connection has a thread and ends with `close_connections`."""

    allow_reuse_address = hasattr(socket, "AF_UNIX")  # on Windows this would share a port in use
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, api: Api, base: str, stopping: threading.Event) -> None:
        """Listen on `port` (0: any free one), with the API under the path `base`."""
        self.api, self.base, self.stopping = api, base, stopping
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: object, client_address: object) -> None:
        """Serve a connection and remember that it is open."""
        assert isinstance(request, socket.socket)  # noqa: S101
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        """Close a connection."""
        assert isinstance(request, socket.socket)  # noqa: S101
        self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Close the connections that clients keep open."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: a client that disconnects is not worth a log line."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SyncServer
    _quiet: ClassVar[tuple[type[Exception], ...]] = (ConnectionError, TimeoutError)

    def log_message(self, *_: object) -> None:
        """Log nothing: requests are not worth a log line."""

    def do_POST(self) -> None:
        """Respond to POST."""
        self._handle()

    def do_GET(self) -> None:
        """Respond to GET."""
        self._handle()

    def do_PUT(self) -> None:
        """Respond to PUT."""
        self._handle()

    def do_DELETE(self) -> None:
        """Respond to DELETE."""
        self._handle()

    def _handle(self) -> None:
        body = self._body()
        with suppress(*self._quiet):
            self._send(body if isinstance(body, Answer) else self._answer(body))

    def _body(self) -> bytes | Answer:
        length = self.headers.get("Content-Length", "0" if self.command != "POST" else "")
        if not length.isdecimal():
            self.close_connection = True
            return message(411, "Content-Length is required")
        if int(length) > _MAX_BODY:
            self.close_connection = True
            return message(413, f"The body is larger than {_MAX_BODY:,} bytes")
        return self.rfile.read(int(length))

    def _named_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _answer(self, body: bytes) -> Reply:
        path, base = urlsplit(self.path).path, self.server.base
        if path.startswith("/control"):
            return self.server.api.control(self.command, path, body)
        match self.command, path:
            case "POST", at if at == base + _SYNC:
                return self.server.api.sync(self._named_headers(), body)
            case "POST", at if at == base + _LOGIN:
                return self.server.api.login(body)
            case _:
                return message(404, f"There is no {self.command} {path}")

    def _send(self, reply: Reply) -> None:
        match reply:
            case Answer():
                self.wfile.write(reply.encode())
            case Silence():
                self.close_connection = True
            case Trickle(answer):
                self._trickle(answer)
            case Endless():
                self._send_without_end()

    def _trickle(self, answer: Answer) -> None:
        for byte in answer.encode():
            if self.server.stopping.wait(1):
                return
            self.wfile.write(bytes((byte,)))

    def _send_without_end(self) -> None:
        self.close_connection = True
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"')
        while not self.server.stopping.is_set():
            self.wfile.write(b"x" * 65_536)
