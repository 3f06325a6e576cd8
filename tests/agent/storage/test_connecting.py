"""Nothing comes back from the storage account: the proxy, the certificate or the line is named as the cause."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from agent.errors import StorageError, StorageUnavailableError
from agent.storage import service as service_module
from agent.storage.account import AzureStorage
from agent.storage.address import parse_account_url
from contract.blobs import RunId, StoreName
from tests.agent.shops import FakeTime

CREDENTIALS = "till:Hush+Hush"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("https", "http", "all", "no"):
        for name in (f"{kind}_proxy", f"{kind}_proxy".upper()):
            monkeypatch.delenv(name, raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(service_module, "_ANSWER_SECONDS", 1)
    monkeypatch.setattr(service_module, "_CONNECT_SECONDS", 1)


@contextmanager
def server(answer: bytes | None, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Give every connection the same answer, or none at all; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                opened.append(connection)
                if answer is None:
                    continue
                with suppress(OSError):
                    if tls is not None:
                        connection = tls.wrap_socket(connection, server_side=True)
                        opened.append(connection)
                    connection.recv(1 << 16)
                    connection.sendall(answer)
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):  # Windows has nothing to shut down on a listener
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for each in opened:
            each.close()


def trouble(port: int = 9) -> StorageError:
    """Return the error for reading a run record from an account at that port."""
    account = parse_account_url(f"https://127.0.0.1:{port}/shop?ss=b&sig=c2VjcmV0")
    agent = AzureStorage(account, FakeTime().clock)
    with pytest.raises(StorageError) as caught:
        agent.read(StoreName("0001"), RunId("x.1"))
    agent.close()
    assert "c2VjcmV0" not in str(caught.value)
    assert "Hush" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_refuses_connections_is_the_cause(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, f"http://{CREDENTIALS}@127.0.0.1:9")
    error = trouble()
    assert isinstance(error, StorageUnavailableError)
    assert str(error).startswith(
        f"The run record can't be read: the proxy 127.0.0.1:9, which {variable.upper()} names, "
        "doesn't answer (the connection was refused). "
    )
    assert "the storage account 127.0.0.1:9 is not the cause" in str(error)


def test_a_proxy_that_does_not_exist_is_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{CREDENTIALS}@proxy.invalid:8080")
    assert "the proxy proxy.invalid:8080, which HTTPS_PROXY names, can't be found" in str(trouble())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 407 No\r\n\r\n", "without a user name and a password (HTTP 407)"),
        (b"HTTP/1.1 503 No\r\n\r\n", "doesn't let this computer through (HTTP 503)"),
        (b"SSH-2.0-x\r\n", "names (the connection broke). Check that proxy"),
        (b"", "names (the connection broke). Check that proxy"),
        (None, "names (the connection timed out). Check that proxy"),
    ],
    ids=["407", "503", "another protocol", "closed", "silent"],
)
def test_a_proxy_that_lets_nothing_through_is_named(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None, words: str
) -> None:
    with server(answer) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{CREDENTIALS}@127.0.0.1:{port}")
        said = str(trouble())
    assert f"the proxy 127.0.0.1:{port}, which HTTPS_PROXY names" in said
    assert words in said


@pytest.mark.parametrize(
    "proxy",
    ["{}@proxy:8080", "foo://{}@proxy:8080", "http://{}/x@proxy:8080", "http://{}#@proxy:99999"],
)
def test_a_proxy_without_a_usable_address_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.format(CREDENTIALS))
    said = str(trouble())
    assert "the proxy proxy:" in said
    assert "no address that can be used" in said


def test_a_proxy_that_is_not_for_this_account_is_not_mentioned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert "the proxy" not in str(trouble())


def test_a_proxy_for_https_is_not_on_the_way_to_an_emulator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:8080")
    agent = AzureStorage(parse_account_url("http://127.0.0.1:9/shop?ss=b&sig=x"), FakeTime().clock)
    with pytest.raises(StorageUnavailableError) as caught:
        agent.read(StoreName("0001"), RunId("x.1"))
    agent.close()
    assert "the proxy" not in str(caught.value)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="The company")


@contextmanager
def intercepted(
    authority: trustme.CA, name: str = "127.0.0.1", until: datetime | None = None
) -> Iterator[int]:
    """Answer as a TLS inspection does, with a certificate of the company's own."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    since = until and until.replace(year=until.year - 1)
    authority.issue_cert(name, not_before=since, not_after=until).configure_cert(tls)
    with server(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", tls) as port:
        yield port


def test_a_replaced_certificate_is_explained_and_can_be_trusted_as_the_message_says(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with intercepted(authority) as port:
        error = trouble(port)
        assert not isinstance(error, StorageUnavailableError)
        assert "replaces it" in str(error)
        assert (
            "PEM file, and put that file's path in the environment variable REQUESTS_CA_BUNDLE"
            in str(error)
        )
        authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "company.pem"))
        account = parse_account_url(f"https://127.0.0.1:{port}/shop?ss=b&sig=c2VjcmV0")
        agent = AzureStorage(account, FakeTime().clock)
        assert agent.read(StoreName("0001"), RunId("x.1")) is None
        agent.close()


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        (
            ("127.0.0.1", datetime(2020, 1, 1, tzinfo=UTC)),
            "out of date. Check this computer's clock",
        ),
        (("other.invalid", None), "is another computer's"),
    ],
    ids=["expired", "another name"],
)
def test_a_trusted_but_wrong_certificate_is_explained(
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    certificate: tuple[str, datetime | None],
    words: str,
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "company.pem"))
    with intercepted(authority, *certificate) as port:
        assert words in str(trouble(port))


@pytest.mark.parametrize(
    ("content", "words"), [(None, "doesn't exist"), (b"\x30\x82", "no certificate in PEM form")]
)
def test_a_certificate_file_that_is_no_use_is_explained(
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | None,
    words: str,
) -> None:
    path = tmp_path / "company.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with intercepted(authority) as port:
        said = str(trouble(port))
    assert words in said
    assert "REQUESTS_CA_BUNDLE" in said


def test_an_answer_without_encryption_is_explained() -> None:
    with server(b"HTTP/1.1 400 No\r\n\r\n") as port:
        assert "not encrypted as it should be" in str(trouble(port))
