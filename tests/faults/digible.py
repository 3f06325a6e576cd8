"""A Digible stand-in inside the matrix's process, which sees every POST and can hold it."""

import contextlib
import json
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler

from dev.ports import free_ports
from tests.faults.hooks import Hooks
from tests.faults.journal import Journal

_PATH = "/v1/business/stores/product/sync"


class Digible:
    """Accepts every POST while it is open, always on the same port."""

    def __init__(self, journal: Journal) -> None:
        self.hooks = Hooks()
        self.latency = 0.0
        """How many seconds it waits before it accepts a POST."""

        self.journal = journal
        self.stopping = threading.Event()
        self._port = free_ports(1)[0]
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """The value for DIGIBLE_API_URL."""
        return f"http://127.0.0.1:{self._port}/v1"

    def open(self) -> None:
        """Start listening, the first time or again."""
        self._server = _Server(self._port, self)
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="Digible", daemon=True
        ).start()

    def close(self) -> None:
        """Cut the open connections and refuse new ones."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.cut()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = hasattr(socket, "AF_UNIX")  # on Windows it would share a used port
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, digible: Digible) -> None:
        self.digible = digible
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: killed hosts are expected here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:  # the sender died midway: no server would accept that
            self.close_connection = True
            return
        if self.path != _PATH:
            self._send(404, ())
            return
        digible = self.server.digible
        post = digible.journal.arrive(self.headers.get("x-access-token", ""), _products(body))
        reply = digible.hooks.arrived(post)
        digible.stopping.wait(digible.latency)
        if reply.status == 200:
            digible.journal.accept(post)
            if not digible.hooks.accepted(post):
                self.close_connection = True
                return
        if reply.status is None:
            self.close_connection = True
            return
        self._send(reply.status, reply.headers)
        digible.journal.answer(post, reply.status)
        digible.hooks.answered(post)

    def _send(self, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        body = b'{"message": "from the matrix"}'
        named = (("Content-Length", str(len(body))), *headers)
        lines = [f"HTTP/1.1 {status} Answered", *(f"{name}: {value}" for name, value in named)]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)


def _products(body: bytes) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((item["productId"], item["productPrice"]) for item in json.loads(body))
    except (ValueError, KeyError, TypeError):
        return ()
