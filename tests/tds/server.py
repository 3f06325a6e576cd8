"""The stand-in for SQL Server: a TDS server on 127.0.0.1 that runs as long as a `with` block."""

import contextlib
import functools
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import trustme

from tests.tds.database import Database, Table
from tests.tds.faults import NONE, Faults
from tests.tds.packets import Channel
from tests.tds.requests import Login
from tests.tds.session import Session, World

USER, PASSWORD = "shop", "p;w}{d"  # characters that a connection string must escape


class SqlServerStandIn:
    """Answers Microsoft's ODBC driver with the given tables, and misbehaves as `faults` says."""

    def __init__(
        self,
        tables: Iterable[Table] = (),
        *,
        database: str = "Shop",
        users: Mapping[str, str] | None = None,
        faults: Faults = NONE,
        port: int = 0,
    ) -> None:
        self.logins: list[Login] = []
        self.statements: list[str] = []
        """Every statement's text, as received."""
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._world = World(
            database=Database(database, tables),
            users=users or {USER: PASSWORD},
            faults=faults,
            tls=_tls_context(),
            log_login=self.logins.append,
            log_statement=self.statements.append,
        )
        self._clients: list[tuple[socket.socket, threading.Thread]] = []
        self._accepting = threading.Thread(target=self._accept, name="tds-listener")

    @property
    def server(self) -> str:
        """The server's address, as a connection string contains it."""
        return f"127.0.0.1,{self.port}"

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _shut(self._listener)
        self._accepting.join()
        for client, _ in self._clients:
            _shut(client)
        for _, thread in self._clients:
            thread.join()
        self._world.database.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(client,), name="tds-session")
            self._clients.append((client, thread))
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                Session(Channel(client), self._world).run()
            except (OSError, ssl.SSLError):
                return  # the client is gone, or was cut off


def _shut(open_socket: socket.socket) -> None:
    """Close a socket that another thread may be waiting on."""
    with contextlib.suppress(OSError):  # it was closed, or never connected
        open_socket.shutdown(socket.SHUT_RDWR)
    open_socket.close()


@functools.cache
def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # TLS 1.3 sends tickets after the handshake, which the tunnel inside PRELOGIN can't carry.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    trustme.CA().issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context
