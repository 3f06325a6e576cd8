"""Digible's API over real sockets: cut, garbled, endless or indiscreet responses are harmless."""

import json
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function_app.answers import Accepted, Answer, Refused, TokenRefused, Unavailable, Unreadable
from tests.function_app.digible.calls import (
    ACCEPTED,
    OK,
    PRODUCTS,
    TOKEN,
    answer,
    answers,
    client_of,
)
from tests.odd_server import OddServer, Pieces, Request, always, http

CUT = Unavailable("The connection to Digible (127.0.0.1) was cut.", in_doubt=True)


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/js",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n",
        OK[:-1],
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Padding: x\r\n" * 200 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip",
    ],
    ids=[
        *("before", "in-line", "in-name", "in-type", "in-length"),
        *("before-body", "in-body", "in-chunk", "bad-chunk"),
        *("other-protocol", "many-headers", "long-header", "bad-gzip"),
    ],
)
def test_a_request_may_be_retried_after_a_cut_or_garbled_response(beginning: bytes) -> None:
    def respond(request: Request) -> Pieces:
        if beginning:
            yield beginning
        yield b""

    assert answer(respond) == CUT


def test_a_connection_cut_after_a_whole_response_is_harmless() -> None:
    assert answer(always(OK, close=True)) == ACCEPTED


@pytest.mark.parametrize("status", [200, 500])
def test_an_endless_response_is_cut_off(status: int) -> None:
    def respond(request: Request) -> Pieces:
        yield f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n\r\n".encode() + b'{"a": "'
        while True:
            yield b"x" * (1 << 20)

    server, (given_answer,) = answers(respond)
    if status == 200:
        assert isinstance(given_answer, Unreadable)
        assert given_answer.is_too_long
    else:
        assert isinstance(given_answer, Unavailable)
    assert len(str(given_answer)) < 1_000
    assert server.sent < 40 << 20  # mostly in the buffers of both sides


def test_a_response_of_two_gigabytes_is_cut_off() -> None:
    def respond(request: Request) -> Pieces:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n["
        for _ in range(2_048):
            yield b"0," * (1 << 19)

    server, (given_answer,) = answers(respond)
    assert isinstance(given_answer, Unreadable)
    assert server.sent < 40 << 20


@pytest.mark.parametrize("status", [200, 307, 400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("form", ["json", "text", "page"])
def test_no_secret_is_shown_even_if_the_server_repeats_it(
    status: int, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    repeated = f"token {TOKEN.value} for {PRODUCTS[0].product_name}"
    body = {
        "json": json.dumps({"message": repeated, "success": False}),
        "text": repeated,
        "page": f"<html>{' ' * 4_000}{repeated * 3_000}</html>",
    }[form]
    given_answer = answer(always(http(status, body.encode(), f"X-Token: {TOKEN.value}")))
    assert isinstance(given_answer, Refused | TokenRefused | Unavailable | Unreadable)
    signature = TOKEN.value.rpartition(".")[2]
    for shown in (str(given_answer), caplog.text):
        assert TOKEN.value not in shown
        assert signature not in shown


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 429 X\r\n"])
)
@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_response_is_harmless(
    shared: Callable[[bytes], Answer], data: bytes, start: bytes
) -> None:
    assert isinstance(
        shared(start + data), Accepted | Refused | TokenRefused | Unavailable | Unreadable
    )


@pytest.fixture
def shared() -> Iterator[Callable[[bytes], Answer]]:
    """Return a function that sends a batch to a server that sends given bytes and hangs up."""
    with OddServer(always(OK)) as server, client_of(server.url) as client:

        def send(response: bytes) -> Answer:
            server.respond = always(response, close=True)
            return client.send(PRODUCTS, TOKEN)

        yield send
