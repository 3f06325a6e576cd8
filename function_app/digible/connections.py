"""HTTP connections on which no response is taken for that of another request.

Only their order pairs HTTP/1.1's responses with its requests. So informational responses are passed over
(RFC 9110, 15.2), and a connection on which anything is out of step is closed: bytes behind a response,
or before a request has gone out.
"""

import socket
import ssl
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any, cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import make_headers, parse_url
from urllib3.util.wait import wait_for_read

from function_app.digible.deadline import before_sending, shut_down

_PIECE = 1 << 14  # bytes of a body that are sent between two checks


def connection_pools(kept: int, proxy: str | None, tls: ssl.SSLContext | None) -> PoolManager:
    """Return a pool manager that keeps up to `kept` connections, and goes through `proxy` if there is one.

    `proxy` is the address of an HTTP proxy. The connections keep to the `deadline` that they are used in.
    """
    options: dict[str, Any] = {"maxsize": kept, "blocksize": _PIECE, "ssl_context": tls}
    if proxy is None:
        manager = PoolManager(**options)
    else:
        user = parse_url(proxy).auth
        headers = make_headers(proxy_basic_auth=user) if user else None
        manager = ProxyManager(proxy, proxy_headers=headers, **options)
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
    return manager


class _FinalResponse(HTTPResponse):
    """Passes over each informational response, where http.client passes over 100 alone."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._socket = sock

    def begin(self) -> None:
        super().begin()
        while 100 < self.status < 200 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = cast("Any", None)  # which makes it read the next one
            super().begin()

    def _close_conn(self) -> None:
        # When the response has been read; http.client would drop what its buffer holds behind it.
        if self.status == HTTPStatus.SWITCHING_PROTOCOLS or self._is_followed():
            shut_down(self._socket)
        super()._close_conn()  # type: ignore[misc]  # typeshed has public methods only

    def _is_followed(self) -> bool:
        with suppress(OSError, ValueError):  # nothing there yet, or nothing any more
            timeout = self._socket.gettimeout()
            try:
                self._socket.settimeout(0)
                return bool(self.fp.peek(1))
            finally:
                self._socket.settimeout(timeout)
        return False


class _Connection(HTTPConnection):
    """Checks before each piece that it sends that it is not too late, and that it is in step."""

    response_class = _FinalResponse
    _is_used = False

    def connect(self) -> None:
        self._is_used = False
        super().connect()

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        before_sending(self.sock)
        # On a new connection, an early response (a refusal of the headers, say) is this request's own.
        if self._is_used and _has_bytes(self.sock):
            raise ConnectionResetError("the server spoke out of turn")
        super().send(data)

    def getresponse(self) -> Any:
        self._is_used = True
        return super().getresponse()


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _has_bytes(sock: socket.socket) -> bool:
    pending = sock.pending() if isinstance(sock, ssl.SSLSocket) else 0
    return pending > 0 or wait_for_read(sock, timeout=0.0)
