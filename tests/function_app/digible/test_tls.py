"""Digible's API over TLS: the token goes only to Digible's own server."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from contract.product import Product
from function_app.answers import Accepted, Answer, Unavailable
from function_app.digible.client import DigibleClient
from function_app.token import StoredToken
from tests.odd_server import OddServer, Pieces, Request, always, http

OK = http(200, b"{}")
UNSAFE = Unavailable("No secure connection to Digible (localhost) could be made.")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the authority as a machine trusts public ones."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


def server_tls(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def send(url: str, timeout: float = 20) -> Answer:
    with DigibleClient(url, None, timeout, connections=1) as client:
        return client.send([Product("P1", "x", "1")], StoredToken("opaque"))


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[OddServer]:
    with OddServer(always(OK), server_tls(authority)) as server:
        yield server


@pytest.mark.usefixtures("trusted")
def test_a_trusted_certificate_is_accepted(secure: OddServer) -> None:
    assert send(secure.url) == Accepted()


def test_a_certificate_from_an_unknown_authority_is_refused(secure: OddServer) -> None:
    assert send(secure.url) == UNSAFE
    assert secure.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_refused(authority: trustme.CA) -> None:
    with OddServer(always(OK), server_tls(authority, "digible.invalid")) as server:
        assert send(server.url) == UNSAFE
    assert server.requests == []


def test_a_server_without_tls_is_refused() -> None:
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(4_096))
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        assert send(f"https://localhost:{listener.getsockname()[1]}/v1") == UNSAFE
    assert b"opaque" not in heard[0]


@pytest.mark.usefixtures("trusted")
def test_the_time_out_is_for_the_whole_request_over_tls_too(authority: trustme.CA) -> None:
    stopping = threading.Event()

    def respond(request: Request) -> Pieces:
        yield OK[:30]
        for _ in range(300):
            if stopping.wait(0.1):
                yield b""
            yield b"\r\nX: x"
        yield b"\r\n\r\n{}"

    with OddServer(respond, server_tls(authority)) as server:
        given_answer = send(server.url, timeout=0.5)
        stopping.set()
    assert given_answer == Unavailable(
        "Digible (localhost) did not answer within 0.5 seconds.", in_doubt=True
    )
