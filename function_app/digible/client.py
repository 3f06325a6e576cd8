"""Digible's API over HTTP: one POST a batch, on kept connections."""

import json
import math
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, NewConnectionError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from contract.product import Product
from function_app.answers import Accepted, Answer, Unavailable
from function_app.digible.connections import connection_pools
from function_app.digible.deadline import DeadlineError, deadline
from function_app.digible.responses import MAX_BODY, Response, interpret
from function_app.digible.scrubbing import scrubbed_for_log
from function_app.retrying import retry_after_seconds
from function_app.token import StoredToken

_tracer = trace.get_tracer(__name__)

_SYNC_PATH = "/business/stores/product/sync"
_READ_STEP = 1 << 16


class DigibleClient:
    """Posts products to Digible; safe to share between threads. Implements `ports.Digible`."""

    def __init__(
        self,
        api_url: str,
        body_key: str | None,
        timeout: float,
        connections: int,
        *,
        proxy: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`timeout` is in seconds, `connections` how many are kept, `proxy` the address of an HTTP proxy.

        `tls` saves time where many clients are made: it takes 50 ms to read the trusted authorities.
        """
        self._url = api_url.rstrip("/") + _SYNC_PATH
        self._host = urlsplit(api_url).hostname or api_url
        self._body_key = body_key
        self._timeout = timeout
        self._connections = connection_pools(connections, proxy, tls)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connections.clear()

    def send(
        self,
        products: Sequence[Product],
        token: StoredToken,
        send_by: Callable[[], float] = lambda: math.inf,
    ) -> Answer:
        """Post `products` once; never raises for anything that a server or a network does.

        None of the request is sent after the moment (monotonic seconds) that `send_by` returns; it is
        asked before each piece.
        """
        attributes: dict[str, str | int] = {
            "http.request.method": "POST",
            "url.full": self._url,
            "server.address": self._host,
            "products": len(products),
        }
        with _tracer.start_as_current_span("POST batch", None, SpanKind.CLIENT, attributes) as span:
            body = _Body(self._body(products))
            try:
                response = self._post(body, token, send_by)
            except (DeadlineError, HTTPError, OSError) as error:
                why = self._unreachable(error)
                span.set_status(StatusCode.ERROR, why)
                return Unavailable(why, in_doubt=body.was_sent, logged=why)
            span.set_attribute("http.response.status_code", response.status)
            answer = interpret(response, token.value, len(products))
            if isinstance(answer, Accepted):
                return answer
            span.set_status(StatusCode.ERROR)
            content = scrubbed_for_log(response.text, token.value, products)
            return replace(answer, logged=f"Digible answered HTTP {response.status}: {content}")

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

    def _post(self, body: "_Body", token: StoredToken, send_by: Callable[[], float]) -> Response:
        headers = {
            "x-access-token": token.value,
            "Content-Type": "application/json",
            "Content-Length": str(body.length),
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # so that no short response unpacks to a long one
            "User-Agent": "shopmaster-upload",
        }
        with (
            deadline(self._timeout, send_by),
            self._connections.request(
                "POST",
                self._url,
                body=body,
                headers=headers,
                timeout=self._timeout,
                retries=False,  # nor redirects: the token goes to Digible only
                preload_content=False,
            ) as response,
        ):
            content, whole = _read(response)
            if response.status == HTTPStatus.OK and not content and _has_no_end(response):
                raise ConnectionError  # http.client mistakes a cut in the headers for their end
            retry_after = retry_after_seconds(
                response.headers.get("Retry-After"), datetime.now(UTC)
            )
            content_type = response.headers.get("Content-Type")
            return Response(response.status, content, content_type, retry_after, whole)

    def _unreachable(self, error: Exception) -> str:
        # Only the kind of error is reported: its text may quote the request.
        match error:
            case NewConnectionError():  # urllib3 counts it among the time-outs
                return f"Digible ({self._host}) can't be reached."
            case DeadlineError() | Urllib3TimeoutError():
                return f"Digible ({self._host}) did not answer within {self._timeout:g} seconds."
            case SSLError():
                return f"No secure connection to Digible ({self._host}) could be made."
            case ProxyError():
                return f"The proxy on the way to Digible ({self._host}) can't be used."
            case _:
                return f"The connection to Digible ({self._host}) was cut."


class _Body(BytesIO):
    """A request's body, which is read and sent in pieces."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.length = len(data)
        self.was_sent = False
        """Whether the last piece was: only then is more asked for. Without it the server has no request."""

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.was_sent = not piece
        return piece


def _has_no_end(response: BaseHTTPResponse) -> bool:
    """Return whether only the end of the connection marks the end of the body."""
    return "Content-Length" not in response.headers and "Transfer-Encoding" not in response.headers


def _read(response: BaseHTTPResponse) -> tuple[bytes, bool]:
    """Read a body up to MAX_BODY; return it, and whether that was all of it."""
    content = bytearray()
    while len(content) <= MAX_BODY:
        block = response.read(_READ_STEP, decode_content=True)
        if not block:
            return bytes(content), True
        content += block
    return bytes(content[:MAX_BODY]), False
