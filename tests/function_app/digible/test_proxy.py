"""Behind a proxy everything holds that holds without one: the deadline, and when nothing may be sent."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from dev.ports import free_ports
from function_app.answers import Unavailable
from function_app.digible.client import DigibleClient
from tests.function_app.digible.calls import ACCEPTED, OK, PRODUCTS, TOKEN
from tests.http_proxy import HttpProxy
from tests.odd_server import OddServer, Pieces, Request, Respond, always


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["http", "https"])
def tls(
    request: pytest.FixtureRequest,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> ssl.SSLContext | None:
    """Return what the server uses TLS with: for https, a certificate that the client trusts."""
    if request.param == "http":
        return None
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@contextmanager
def behind_a_proxy(
    respond: Respond, tls: ssl.SSLContext | None, *, timeout: float = 20, user: str = ""
) -> Iterator[tuple[OddServer, HttpProxy, DigibleClient]]:
    with OddServer(respond, tls) as server, HttpProxy() as proxy:
        address = proxy.url.replace("://", f"://{user}")
        with DigibleClient(server.url, None, timeout, 2, proxy=address) as client:
            yield server, proxy, client


def test_batches_go_through_the_proxy_on_one_connection(tls: ssl.SSLContext | None) -> None:
    with behind_a_proxy(always(OK), tls) as (server, proxy, client):
        given = [client.send(PRODUCTS, TOKEN) for _ in range(3)]
    assert given == [ACCEPTED] * 3
    assert len(proxy.requests) == 1
    assert {request.connection for request in server.requests} == {1}


def test_a_user_name_for_the_proxy_goes_to_the_proxy_alone(tls: ssl.SSLContext | None) -> None:
    with behind_a_proxy(always(OK), tls, user="shop:opaque@") as (server, proxy, client):
        assert client.send(PRODUCTS, TOKEN) == ACCEPTED
    assert proxy.credentials == ["Basic c2hvcDpvcGFxdWU="]
    assert tls is None or server.requests[0].header("Proxy-Authorization") is None


def test_the_time_out_is_for_the_whole_request(tls: ssl.SSLContext | None) -> None:
    stopping = threading.Event()

    def respond(request: Request) -> Pieces:
        yield OK[:30]
        for _ in range(300):
            if stopping.wait(0.1):
                yield b""
            yield b"\r\nX: x"
        yield b"\r\n\r\n{}"

    with behind_a_proxy(respond, tls, timeout=0.5) as (_, _, client):
        given = client.send(PRODUCTS, TOKEN)
        stopping.set()
    assert isinstance(given, Unavailable)
    assert "did not answer within 0.5 seconds" in given.detail


@pytest.mark.parametrize("before", [0, 1], ids=["new-connection", "kept-connection"])
def test_nothing_is_sent_once_it_is_too_late(tls: ssl.SSLContext | None, before: int) -> None:
    with behind_a_proxy(always(OK), tls) as (server, _, client):
        for _ in range(before):
            client.send(PRODUCTS, TOKEN)
        too_late = client.send(PRODUCTS, TOKEN, lambda: time.monotonic() - 1)
        in_time = client.send(PRODUCTS, TOKEN, lambda: time.monotonic() + 60)
    assert isinstance(too_late, Unavailable)
    assert in_time == ACCEPTED
    assert len(server.requests) == before + 1


def test_a_proxy_that_is_not_there_is_named_as_the_cause() -> None:
    proxy = f"http://127.0.0.1:{free_ports(1)[0]}"
    with DigibleClient("https://digible.invalid/v1", None, 5, 1, proxy=proxy) as client:
        assert client.send(PRODUCTS, TOKEN) == Unavailable(
            "The proxy on the way to Digible (digible.invalid) can't be used."
        )
