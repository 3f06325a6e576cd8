"""No response is taken for that of another request, whatever a server sends."""

import json
import threading
import time

import pytest

from contract.product import Product
from function_app.answers import Answer, Refused, Unavailable
from tests.function_app.digible.calls import ACCEPTED, OK, PRODUCTS, TOKEN, client_of
from tests.odd_server import OddServer, Pieces, Request, http

NO = http(400, b'{"message": "No"}')
NOT_TAKEN = Refused("No", 400, about_products=True)
CUT = Unavailable("The connection to Digible (127.0.0.1) was cut.")


def interim(status: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} X", *headers, "", ""]).encode()


@pytest.mark.parametrize(
    "before",
    [
        interim(102),
        interim(103, "Link: </style.css>; rel=preload"),
        interim(104, "X: x"),
        interim(199),
        interim(100) + interim(102) + interim(100) + interim(103) * 3,
        interim(103, "Content-Length: 5"),
        interim(102, "Transfer-Encoding: chunked"),
    ],
    ids=["102", "103", "104", "199", "several", "with-length", "chunked"],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["one-packet", "two-packets"])
def test_an_informational_response_is_passed_over(before: bytes, *, at_once: bool) -> None:
    def respond(request: Request) -> Pieces:
        response = NO if len(server.requests) == 2 else OK
        yield before + response if at_once else before
        if not at_once:
            time.sleep(0.02)
            yield response

    with OddServer(respond) as server, client_of(server.url) as client:
        given = [client.send(PRODUCTS, TOKEN) for _ in range(3)]
    assert given == [ACCEPTED, NOT_TAKEN, ACCEPTED]
    assert {request.connection for request in server.requests} == {1}


def after_a_refusal(first: bytes, *, late: bytes = b"", pause: float = 0.05) -> list[Answer]:
    """Send three batches to a server that refuses all, but says more than it should about the first."""

    def respond(request: Request) -> Pieces:
        if len(server.requests) > 1:
            yield NO
            return
        yield first
        if late:
            time.sleep(pause / 2)
            yield late

    with OddServer(respond) as server, client_of(server.url) as client:
        given = []
        for _ in range(3):
            given.append(client.send(PRODUCTS, TOKEN))
            time.sleep(pause)
        return given


@pytest.mark.parametrize(
    ("first", "late"),
    [
        (NO + OK, b""),
        (NO, OK),
        (NO + OK[:20], OK[20:]),
        (NO + b"\r\n", OK),
        (http(400, b'{"message": "No"}', "Content-Length: 17") + b"x" * 30, b""),
        (interim(101, "Upgrade: h2c") + OK, b""),
        (interim(101, "Upgrade: websocket"), OK),
        (b"HTTP/1.1 204 X\r\n\r\n" + OK, b""),
        (b"HTTP/1.1 304 X\r\nContent-Length: 20\r\n\r\n", OK),
        (
            b'HTTP/1.1 400 X\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{"message": "No"}\r\n0\r\n\r\n'
            + OK,
            b"",
        ),
    ],
    ids=[
        *("two-at-once", "a-late-one", "half-late", "a-line-between", "more-than-its-length"),
        *("101", "101-late", "204-with-body", "304-with-body", "behind-chunks"),
    ],
)
def test_what_stands_behind_a_response_counts_for_no_other_request(
    first: bytes, late: bytes
) -> None:
    given = after_a_refusal(first, late=late)
    assert isinstance(given[0], Refused)
    assert given[1:] == [NOT_TAKEN, NOT_TAKEN]


@pytest.mark.parametrize(
    "first",
    [NO + b"\r\n", NO + OK[:9], interim(101, "Upgrade: h2c"), b"HTTP/1.1 204 X\r\n\r\n0"],
    ids=["a-line", "a-beginning", "101", "204-with-body"],
)
def test_a_connection_that_was_out_of_step_once_is_not_used_again(first: bytes) -> None:
    def respond(request: Request) -> Pieces:
        if len(server.requests) == 1:
            yield first
        else:
            yield OK if request.connection == 1 else NO

    with OddServer(respond) as server, client_of(server.url) as client:
        given = [client.send(PRODUCTS, TOKEN) for _ in range(3)]
    assert isinstance(given[0], Refused)
    assert given[1:] == [NOT_TAKEN, NOT_TAKEN]


def test_a_response_that_comes_while_the_next_request_is_sent_counts_for_nobody() -> None:
    """It may be a late one of the request before; the batch is sent again, on a new connection."""
    many = [Product(f"P{number}", "x" * 200, "1") for number in range(2_000)]
    spoken = threading.Event()

    def moment() -> float:
        # The server's late response arrives between two pieces of the next request.
        if len(server.requests) == 1 and spoken.wait(10):
            time.sleep(0.05)
        return time.monotonic() + 60

    def respond(request: Request) -> Pieces:
        yield NO
        if len(server.requests) == 1:
            time.sleep(0.1)
            spoken.set()
            yield OK

    with OddServer(respond) as server, client_of(server.url) as client:
        given = [client.send(PRODUCTS, TOKEN), client.send(many, TOKEN, moment)]
        given.append(client.send(many, TOKEN))
    assert given == [NOT_TAKEN, CUT, NOT_TAKEN]
    assert [request.connection for request in server.requests] == [1, 2]


def test_an_early_refusal_on_a_new_connection_is_the_requests_own() -> None:
    def respond(request: Request) -> Pieces:
        yield NO
        yield b""

    many = [Product(f"P{number}", "x" * 200, "1") for number in range(2_000)]
    with OddServer(respond) as server, client_of(server.url) as client:
        assert client.send(many, TOKEN) == NOT_TAKEN


def test_two_clients_share_no_connection() -> None:
    def respond(request: Request) -> Pieces:
        yield OK

    with OddServer(respond) as server:
        for _ in range(3):
            with client_of(server.url) as client:
                client.send(PRODUCTS, TOKEN)
    assert [request.connection for request in server.requests] == [1, 2, 3]


def test_nothing_more_is_sent_once_the_lease_is_lost_in_the_middle_of_a_body() -> None:
    """A body is sent in pieces; a server without all of it has no whole request to carry out."""
    many = [Product(f"P{number}", "x" * 500, "1") for number in range(200)]
    asked: list[int] = []

    def sure_until() -> float:
        asked.append(1)
        return time.monotonic() + (60 if len(asked) < 4 else -1)

    def respond(request: Request) -> Pieces:
        bodies.append(request.body)
        yield OK

    bodies: list[bytes] = []
    with OddServer(respond) as server, client_of(server.url) as client:
        given = client.send(many, TOKEN, sure_until)
    assert isinstance(given, Unavailable)
    assert len(asked) == 4
    assert all(not _is_whole(body) for body in bodies)


def _is_whole(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
