"""A proxy before one of storage's services: it sees every request, and can hold or cut it."""

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import IO

from dev.ports import free_ports
from tests.faults.hooks import Hooks, Response, StorageRequest

_BLOCK = 1 << 16
_LONGEST_BODY = 1 << 26


class StorageProxy:
    """Listens on its own port during the `with` block."""

    def __init__(self, target: int, seen: Callable[[StorageRequest, Response], None]) -> None:
        """Pass on to port `target`; call `seen` with each request and its response."""
        self.hooks = Hooks()
        self.port = free_ports(1)[0]
        self._target, self._seen = target, seen
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._open: set[socket.socket] = set()

    def through(self, connection_string: str) -> str:
        """Return a connection string that leads through the proxy."""
        return connection_string.replace(f":{self._target}/", f":{self.port}/")

    def __enter__(self) -> "StorageProxy":
        threading.Thread(target=self._accept, name="storage proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        _close(self._listener)
        for connection in list(self._open):
            _close(connection)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            _close(client)
            return
        server.settimeout(None)
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open |= {client, server}
        pending: deque[StorageRequest] = deque()
        back = threading.Thread(target=self._responses, args=(server, client, pending), daemon=True)
        back.start()
        with contextlib.suppress(OSError, ValueError):
            self._requests(client, server, pending)
        _close(server)
        back.join()
        _close(client)
        self._open -= {client, server}

    def _requests(
        self, client: socket.socket, server: socket.socket, pending: deque[StorageRequest]
    ) -> None:
        with client.makefile("rb") as source:
            while head := _head(source):
                request, raw = _read(head, source)
                if not self.hooks.requested(request):
                    return
                pending.append(request)
                server.sendall(raw)

    def _responses(
        self, server: socket.socket, client: socket.socket, pending: deque[StorageRequest]
    ) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            while block := server.recv(_BLOCK):
                # The first bytes after a request are its response: no client sends two at once.
                if pending:
                    request, status = pending.popleft(), int(block[9:12])
                    if _puts_message(request):
                        block = _whole(block, server)
                    self._seen(request, Response(status, block))
                    if not self.hooks.responded(request, status):
                        break
                client.sendall(block)
        _close(client)


def _head(source: IO[bytes]) -> list[bytes]:
    lines: list[bytes] = []
    while (line := source.readline(_BLOCK)) not in {b"\r\n", b""}:
        lines.append(line)
    return lines


def _read(head: list[bytes], source: IO[bytes]) -> tuple[StorageRequest, bytes]:
    """Read the rest of a request; return it and its bytes, or raise ValueError if it is cut off."""
    method, target, _ = head[0].decode("latin-1").split(" ", 2)
    fields = dict(line.decode("latin-1").lower().split(":", 1) for line in head[1:])
    length = int(fields.get("content-length", "0"))
    body = source.read(min(length, _LONGEST_BODY))
    if len(body) < length:
        raise ValueError("cut off")
    return StorageRequest(method, target, body), b"".join([*head, b"\r\n", body])


def _puts_message(request: StorageRequest) -> bool:
    return request.method == "POST" and request.path.endswith("/messages")


def _whole(block: bytes, server: socket.socket) -> bytes:
    """Return a response that begins with `block` together with its list of messages, if it has one."""
    while block[9:12] == b"201" and b"</QueueMessagesList>" not in block:
        more = server.recv(_BLOCK)
        if not more:
            break
        block += more
    return block


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
