"""The time-out is for the whole request, and nothing is sent once it is too late."""

import threading
import time

import pytest

from function_app.answers import Unavailable
from tests.function_app.digible.calls import ACCEPTED, OK, PRODUCTS, TOKEN, client_of
from tests.odd_server import OddServer, Pieces, Request, Respond, always, http

TIMED_OUT = Unavailable("Digible (127.0.0.1) did not answer within 0.5 seconds.", in_doubt=True)


def slowly(response: bytes, stopping: threading.Event) -> Respond:
    """Send one byte every tenth of a second, and the rest at once after half a minute."""

    def respond(request: Request) -> Pieces:
        for place in range(300):
            if stopping.wait(0.1):
                yield b""
            yield response[place : place + 1] or b" "
        yield response[300:] or b" "

    return respond


LONG_HEADER = b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 400 + b"\r\nContent-Length: 2\r\n\r\n{}"
LONG_BODY = http(200, b"{" + b" " * 400 + b"}")
WITHOUT_LENGTH = b"HTTP/1.1 200 OK\r\n\r\n{}" + b" " * 400
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n" * 30 + OK


@pytest.mark.parametrize(
    ("response", "at_once"),
    [(LONG_HEADER, 0), (LONG_BODY, 40), (WITHOUT_LENGTH, 22), (INTERIM, 0)],
    ids=["header", "body", "body-without-length", "interim"],
)
def test_the_time_out_is_for_the_whole_request_however_slowly_bytes_trickle(
    response: bytes, at_once: int
) -> None:
    stopping = threading.Event()

    def respond(request: Request) -> Pieces:
        if at_once:
            yield response[:at_once]
        yield from slowly(response[at_once:], stopping)(request)

    with OddServer(respond) as server, client_of(server.url, timeout=0.5) as client:
        given_answer = client.send(PRODUCTS, TOKEN)
        stopping.set()
    assert given_answer == TIMED_OUT


def test_a_silent_server_times_out() -> None:
    silence = threading.Event()

    def respond(request: Request) -> Pieces:
        silence.wait(30)
        yield OK

    with OddServer(respond) as server, client_of(server.url, timeout=0.5) as client:
        given_answer = client.send(PRODUCTS, TOKEN)
        silence.set()
    assert given_answer == TIMED_OUT


def test_after_a_time_out_the_next_batch_uses_a_new_connection() -> None:
    silence = threading.Event()

    def respond(request: Request) -> Pieces:
        if request.connection == 1:
            silence.wait(30)
        yield OK

    with OddServer(respond) as server, client_of(server.url, timeout=0.5) as client:
        first = client.send(PRODUCTS, TOKEN)
        client._timeout = 20  # a busy machine may need more time for the second one
        second = client.send(PRODUCTS, TOKEN)
        silence.set()
    assert (first, second) == (TIMED_OUT, ACCEPTED)


@pytest.mark.parametrize("before", [0, 1], ids=["new-connection", "kept-connection"])
def test_nothing_is_sent_once_it_is_too_late(before: int) -> None:
    """A worker that was stalled must not send what another one may have sent by now."""
    with OddServer(always(OK)) as server, client_of(server.url) as client:
        for _ in range(before):
            client.send(PRODUCTS, TOKEN)
        too_late = client.send(PRODUCTS, TOKEN, lambda: time.monotonic() - 1)
        in_time = client.send(PRODUCTS, TOKEN, lambda: time.monotonic() + 60)
    assert isinstance(too_late, Unavailable)
    assert in_time == ACCEPTED
    assert len(server.requests) == before + 1
