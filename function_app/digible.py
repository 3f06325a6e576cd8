"""Digible's API over HTTP: one POST a batch, on kept connections."""

import json
import logging
import math
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from contract.product import Product
from function_app.answers import MAX_BODY, Response, interpret, scrubbed
from function_app.ports import Accepted, Answer, Unavailable
from function_app.retrying import retry_after_seconds
from function_app.token import StoredToken

logger = logging.getLogger(__name__)

_SYNC_PATH = "/business/stores/product/sync"
_READ_STEP = 1 << 16
_watched = threading.local()


class DigibleClient:
    """Posts products to Digible; safe to share between threads. `send` fulfils `ports.SendProducts`."""

    def __init__(
        self, api_url: str, body_key: str | None, timeout: float, connections: int
    ) -> None:
        self._url = api_url.rstrip("/") + _SYNC_PATH
        self._host = urlsplit(api_url).hostname or api_url
        self._body_key = body_key
        self._timeout = timeout
        self._session = requests.Session()
        # The session serves all stores: nothing of one's answers may go out with another's products.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _WatchedAdapter(pool_maxsize=connections))

    def send(
        self, products: Sequence[Product], token: StoredToken, send_by: float = math.inf
    ) -> Answer:
        """Post `products` once; never raises for what a server or a network may do.

        Nothing goes out after `send_by` (monotonic seconds).
        """
        try:
            response = self._post(self._body(products), token, send_by)
        except (requests.RequestException, HTTPError, OSError) as error:
            return Unavailable(self._unreachable(error))
        answer = interpret(response, token.value)
        if not isinstance(answer, Accepted):
            content = scrubbed(response.body.decode("utf-8", "replace"), token.value)
            logger.info("Digible answered HTTP %d: %s", response.status, content)
        return answer

    def _body(self, products: Sequence[Product]) -> bytes:
        items = [
            {
                "productName": product.product_name,
                "productPrice": product.product_price,
                "productId": product.product_id,
            }
            for product in products
        ]
        body: Any = items if self._body_key is None else {self._body_key: items}
        return json.dumps(body, ensure_ascii=False).encode()

    def _post(self, body: bytes, token: StoredToken, send_by: float) -> Response:
        headers = {
            "x-access-token": token.value,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # so that no short answer unpacks to a long one
        }
        with (
            _deadline(self._timeout, send_by),
            self._session.post(
                self._url,
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,  # the token goes to Digible and nowhere else
                stream=True,
            ) as response,
        ):
            content, whole = _read(response.raw)
            if response.status_code == requests.codes.ok and not content and _has_no_end(response):
                raise ConnectionError  # http.client takes a cut in the headers for their end
            retry_after = retry_after_seconds(
                response.headers.get("Retry-After"), datetime.now(UTC)
            )
            return Response(response.status_code, content, retry_after, whole)

    def _unreachable(self, error: Exception) -> str:
        # Of the error only its kind is told: its text may quote the request.
        if isinstance(error, requests.Timeout):
            return f"Digible ({self._host}) did not answer within {self._timeout:g} seconds."
        if isinstance(error, requests.exceptions.SSLError):
            return f"No secure connection to Digible ({self._host}) could be made."
        if isinstance(error, requests.ConnectionError) and _refused(error):
            return f"Digible ({self._host}) can't be reached."
        return f"The connection to Digible ({self._host}) was cut."


def _has_no_end(response: requests.Response) -> bool:
    """Tell whether only the connection's end says where the body ends."""
    return response.headers.keys().isdisjoint({"content-length", "transfer-encoding"})


def _refused(error: BaseException) -> bool:
    """Tell whether no connection came about at all."""
    reason = error.args[0] if error.args else None
    return getattr(reason, "reason", None) is not None


def _read(raw: BaseHTTPResponse) -> tuple[bytes, bool]:
    """Read a body up to MAX_BODY; tell too whether that was all of it."""
    content = bytearray()
    while len(content) <= MAX_BODY:
        block = raw.read(_READ_STEP, decode_content=True)
        if not block:
            return bytes(content), True
        content += block
    return bytes(content[:MAX_BODY]), False


class _Watch:
    """Ends a request that has taken too long, however slowly its answer goes on trickling in."""

    def __init__(self, seconds: float, send_by: float) -> None:
        self.expired = False
        self.socket: socket.socket | None = None
        self.send_by = send_by
        self.timer = threading.Timer(seconds, self._end)
        self.timer.daemon = True

    def _end(self) -> None:
        self.expired = True
        if self.socket is not None:
            try:
                # Not SSLSocket's own, which takes the TLS away from under the reading thread.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
            except OSError:
                logger.debug("a connection ended together with its deadline")


@contextmanager
def _deadline(seconds: float, send_by: float) -> Iterator[None]:
    """Bound a request in the block: its whole time, and the moment after which nothing may go out.

    A socket's own time-out begins anew with every byte. Raises requests.Timeout when the time is over.
    """
    watch = _Watch(seconds, send_by)
    _watched.watch = watch
    watch.timer.start()
    try:
        yield
    except (requests.RequestException, HTTPError, OSError) as error:
        if watch.expired:
            raise requests.Timeout from error
        raise
    finally:
        watch.timer.cancel()
        _watched.watch = None
    if watch.expired:  # a body without a length merely seems to end when its connection is cut
        raise requests.Timeout


def _check(connection: HTTPConnection) -> None:
    """Show the watch the connection's socket, and stop before bytes that must not go out any more."""
    if connection.sock is None:
        connection.connect()
    watch = getattr(_watched, "watch", None)
    if watch is not None:
        watch.socket = connection.sock
        if watch.expired or time.monotonic() > watch.send_by:
            raise TimeoutError


class _WatchedHTTP(HTTPConnection):
    def send(self, data: Any) -> None:
        _check(self)
        super().send(data)


class _WatchedHTTPS(HTTPSConnection):
    def send(self, data: Any) -> None:
        _check(self)
        super().send(data)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class _WatchedAdapter(HTTPAdapter):
    """A requests adapter whose connections show their sockets to the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
