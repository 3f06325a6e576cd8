"""The fixtures of the tests of signing in: an account that takes tokens, and whoever gives them out."""

import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import msal.managed_identity  # type: ignore[import-untyped]
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12

from agent.sign_in import Certificate
from agent.storage.address import StorageAccount
from dev.azurite import new_account, start_azurite
from tests.agent.sign_in.proving import Made
from tests.agent.sign_in.stand_ins import (
    CLIENT,
    TENANT,
    ArcAgent,
    Entra,
    Machine,
    forget_identities,
)
from tests.odd_server import OddServer


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def environment(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_identities(monkeypatch)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))


@pytest.fixture(scope="session")
def account(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StorageAccount]:
    """Yield an account that is reached by https and takes tokens, as Azure's does."""
    folder, made = tmp_path_factory.mktemp("oauth"), new_account()
    server = authority.issue_cert("127.0.0.1")
    server.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    server.private_key_pem.write_to_path(folder / "key.pem")
    options: list[str | Path] = [
        "--oauth",
        "basic",
        "--cert",
        folder / "cert.pem",
        "--key",
        folder / "key.pem",
    ]
    with start_azurite(made, options=options):
        yield StorageAccount(f"https://127.0.0.1:{made.blob_port}/{made.name}")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    found = Machine()
    with OddServer(found.respond) as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "of-this-machine")
        yield found


@pytest.fixture
def arc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ArcAgent]:
    folder = tmp_path / "tokens"
    folder.mkdir()
    folders = msal.managed_identity._supported_arc_platforms_and_their_prefixes
    monkeypatch.setitem(folders, sys.platform, str(folder))
    found = ArcAgent(folder)
    with OddServer(found.respond) as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.port}/metadata")
        monkeypatch.setenv("IMDS_ENDPOINT", f"http://127.0.0.1:{server.port}")
        yield found


@pytest.fixture
def entra(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entra]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    found = Entra()
    with OddServer(found.respond, tls) as server:
        found.url = f"https://localhost:{server.port}"
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", found.url)
        yield found


@pytest.fixture(params=["pem", "pfx"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    issued = trustme.CA().issue_cert("shopmaster.invalid", key_type=trustme.KeyType.RSA)
    pem, key = issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()
    public = x509.load_pem_x509_certificate(pem)
    path = tmp_path / f"sign-in.{request.param}"
    if request.param == "pem":
        path.write_bytes(key + pem)
    else:
        private = serialization.load_pem_private_key(key, None)
        assert isinstance(private, RSAPrivateKey)
        nothing = serialization.NoEncryption()
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(b"x", private, public, None, nothing)
        )
    return Made(public, Certificate(TENANT, CLIENT, path))
