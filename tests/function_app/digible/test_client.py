"""Digible's API over real sockets: what is sent, and how responses are understood."""

import json
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.product import Product
from dev.ports import free_ports
from function_app.answers import Refused, Unavailable
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


def test_a_batch_is_posted_as_shopmaster_posted_it() -> None:
    server, given_answers = answers(always(OK))
    (request,) = server.requests
    assert given_answers == [ACCEPTED]
    assert request.line == "POST /v1/business/stores/product/sync HTTP/1.1"
    assert ("x-access-token", TOKEN.value) in request.headers
    assert ("Content-Type", "application/json") in request.headers
    assert json.loads(request.body) == [
        {"productName": "Café “Crème”", "productPrice": "12.50", "productId": "P1"},
        {"productName": "x", "productPrice": "0.10", "productId": 7},
    ]


def test_the_batch_may_be_wrapped_under_a_key() -> None:
    with OddServer(always(OK)) as server, client_of(server.url, body_key="products") as client:
        client.send(PRODUCTS[:1], TOKEN)
    assert json.loads(server.requests[0].body) == {
        "products": [{"productName": "Café “Crème”", "productPrice": "12.50", "productId": "P1"}]
    }


def test_a_slash_after_the_address_makes_no_difference() -> None:
    with OddServer(always(OK)) as server, client_of(server.url + "/") as client:
        client.send(PRODUCTS, TOKEN)
    assert server.requests[0].line.split()[1] == "/v1/business/stores/product/sync"


def test_the_connection_is_reused() -> None:
    server, given_answers = answers(always(OK), times=5)
    assert given_answers == [ACCEPTED] * 5
    assert {request.connection for request in server.requests} == {1}


def test_the_connection_is_reused_after_a_refusal() -> None:
    server, _ = answers(always(http(503, b"<html>busy</html>")), times=3)
    assert {request.connection for request in server.requests} == {1}


def test_a_connection_that_the_server_closes_is_replaced() -> None:
    last = http(200, b'{"message": "Thanks"}', "Connection: close")
    server, given_answers = answers(always(last, close=True), times=3)
    assert given_answers == [ACCEPTED] * 3
    assert [request.connection for request in server.requests] == [1, 2, 3]


def test_threads_share_the_client() -> None:
    with (
        OddServer(always(OK)) as server,
        client_of(server.url) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        results = list(pool.map(lambda _: client.send(PRODUCTS, TOKEN), range(40)))
    assert results == [ACCEPTED] * 40
    assert len({request.connection for request in server.requests}) <= 4


def test_no_cookie_is_kept() -> None:
    with_cookie = http(200, b"{}", "Set-Cookie: session=of-another-store; Path=/")
    server, _ = answers(always(with_cookie), times=2)
    assert [request.header("Cookie") for request in server.requests] == [None, None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else(status: int) -> None:
    with OddServer(always(OK)) as elsewhere:
        redirect = http(status, b"", f"Location: {elsewhere.url}/business/stores/product/sync")
        given_answer = answer(always(redirect))
    assert isinstance(given_answer, Refused)
    assert (given_answer.http_status, given_answer.about_products) == (status, False)
    assert elsewhere.requests == []


def test_retry_after_is_read() -> None:
    given_answer = answer(always(http(429, b'{"message": "Slow down"}', "Retry-After: 17")))
    assert given_answer == Unavailable(
        "Digible can't take products at the moment (HTTP 429: Slow down).", 429, 17.0
    )


def test_a_server_may_send_back_all_that_it_got() -> None:
    product = {"productId": "P1", "productName": "Error lamp " * 900}
    echo = json.dumps({"message": "Thanks", "data": [product] * 200}).encode()
    assert len(echo) > 1 << 20
    assert answer(always(http(200, echo))) == ACCEPTED


def test_the_charset_that_a_server_declares_is_used() -> None:
    body = '{"message": "Prix erroné"}'.encode("latin-1")
    response = http(400, body, "Content-Type: application/json; charset=ISO-8859-1")
    assert answer(always(response)) == Refused("Prix erroné", 400, about_products=True)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with client_of(f"http://127.0.0.1:{free_ports(1)[0]}/v1") as client:
        assert client.send(PRODUCTS, TOKEN) == Unavailable("Digible (127.0.0.1) can't be reached.")


@pytest.mark.parametrize("count", [1, 200])
def test_whether_products_were_sent_at_all_is_known(count: int) -> None:
    """Only then can Digible carry it out without having answered."""
    many = [Product(f"P{number}", "x" * 200, "1") for number in range(count)]

    def hang_up(request: Request) -> Pieces:
        yield b""

    with OddServer(hang_up) as server, client_of(server.url) as client:
        sent = client.send(many, TOKEN)
        moments = iter([time.monotonic() + 60] * (2 if count > 1 else 1))
        not_sent = client.send(many, TOKEN, lambda: next(moments, -math.inf))
    assert isinstance(sent, Unavailable)
    assert sent.in_doubt
    assert isinstance(not_sent, Unavailable)
    assert not not_sent.in_doubt


def test_all_products_are_sent_however_many_there_are() -> None:
    many: Sequence[Product] = [Product(f"P{n}", "x" * 400, "1") for n in range(200)]
    with OddServer(always(OK)) as server, client_of(server.url) as client:
        assert client.send(many, TOKEN) == ACCEPTED
    assert len(json.loads(server.requests[0].body)) == 200
