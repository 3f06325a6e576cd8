"""An HTTP proxy on 127.0.0.1, for http (absolute addresses) and https (CONNECT)."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_BLOCK = 1 << 16


class HttpProxy:
    """Listens during the `with` block."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        """The first line of what each connection asked for."""

        self.credentials: list[str] = []
        """What the connections sent as Proxy-Authorization."""

        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        _close(self._listener)
        for connection in list(self._open):
            _close(connection)
        for thread in list(self._threads):
            thread.join()

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="http proxy", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            head = _head(client)
            line, *fields = head.decode("latin-1").split("\r\n")
            self.requests.append(line)
            self.credentials += [
                field.partition(": ")[2]
                for field in fields
                if field.lower().startswith("proxy-authorization:")
            ]
            method, target, _ = line.split(" ", 2)
            server = self._connected(target if method == "CONNECT" else urlsplit(target).netloc)
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                server.sendall(head)
            self._start(_pass_on, server, client)
            _pass_on(client, server)

    def _connected(self, address: str) -> socket.socket:
        host, _, port = address.rpartition(":")
        server = socket.create_connection((host, int(port)), timeout=5)
        server.settimeout(None)
        self._open.append(server)
        return server


def _head(client: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            raise ConnectionResetError
        head += byte
    return head


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(_BLOCK):
            target.sendall(block)
    _close(target)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
