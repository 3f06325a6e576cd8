"""Sends products to a server that responds oddly."""

from collections.abc import Iterator
from contextlib import contextmanager

from contract.product import Product
from function_app.answers import Accepted, Answer
from function_app.digible.client import DigibleClient
from function_app.token import StoredToken
from tests.odd_server import OddServer, Respond, http

OK = http(200, b'{"message": "Thanks"}')
ACCEPTED = Accepted("Thanks")
PRODUCTS = (Product("P1", "Café “Crème”", "12.50"), Product(7, "x", "0.10"))
TOKEN = StoredToken("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzaG9wIn0.c2lnbmVkLWJ5LXRoZW0")


@contextmanager
def client_of(
    url: str, *, timeout: float = 20, body_key: str | None = None
) -> Iterator[DigibleClient]:
    with DigibleClient(url, body_key, timeout, connections=8) as client:
        yield client


def answers(
    respond: Respond, *, times: int = 1, timeout: float = 20
) -> tuple[OddServer, list[Answer]]:
    """Send products `times` times to a server that uses `respond`; return it and the answers."""
    with OddServer(respond) as server, client_of(server.url, timeout=timeout) as client:
        return server, [client.send(PRODUCTS, TOKEN) for _ in range(times)]


def answer(respond: Respond, *, timeout: float = 20) -> Answer:
    return answers(respond, timeout=timeout)[1][0]
