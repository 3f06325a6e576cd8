"""Signing in to Azure through azure-identity: each way that works, and what is said when one doesn't."""

import io
import os
import ssl
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msal.managed_identity  # type: ignore[import-untyped]
import pytest
import trustme
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12

from agent.errors import SignInError, StorageError, StorageUnavailableError
from agent.following import Clock
from agent.sign_in import (
    Arc,
    Certificate,
    Developer,
    ManagedIdentity,
    SignIn,
    credential_for,
    prove_sign_in,
)
from agent.storage.account import AzureStorage
from agent.storage.address import StorageAccount
from contract.blobs import CATALOGS, RUNS, CatalogMetadata, RunId, StoreName
from dev.azurite import new_account, start_azurite
from tests.agent.sign_in.stand_ins import (
    CLIENT,
    TENANT,
    ArcAgent,
    Entra,
    Machine,
    forget_identities,
)
from tests.odd_server import OddServer, Pieces, Request, always, http

NOWHERE = "http://127.0.0.1:9"
CLOCK = Clock(time.monotonic, time.sleep)


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
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


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate of the PC's own."""

    public: x509.Certificate
    way: Certificate


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


def use(account: StorageAccount, way: SignIn) -> None:
    """Upload a catalogue and read a record, signed in that way."""
    with BlobServiceClient(account.url, credential_for(way)) as service:
        for container in (CATALOGS, RUNS):
            with suppress(ResourceExistsError):
                service.create_container(container)
    store = StoreName(uuid.uuid4().hex)
    agent = AzureStorage(replace(account, sign_in=way), CLOCK)
    agent.put(f"{store}/x.json.gz", io.BytesIO(b"x"), CatalogMetadata(1, "ab" * 32), lambda _: None)
    assert agent.read(store, RunId("x.1")) is None
    agent.close()


def why(way: SignIn) -> SignInError:
    """Return why nobody can sign in that way."""
    with pytest.raises(SignInError) as caught:
        prove_sign_in(way)
    assert caught.value.cause.startswith("This computer can't sign in to Azure: ")
    assert caught.value.remedy
    return caught.value


def test_a_machine_in_azure_signs_in_by_its_managed_identity(
    account: StorageAccount, machine: Machine
) -> None:
    use(account, ManagedIdentity(None))


def test_a_machine_signs_in_by_azure_arc_and_the_file_that_its_agent_names(
    account: StorageAccount, arc: ArcAgent
) -> None:
    use(account, Arc())


def test_a_machine_signs_in_by_its_certificate(
    account: StorageAccount, entra: Entra, made: Made
) -> None:
    entra.trusted.append(made.public)
    use(account, made.way)


def test_no_proxy_is_asked_for_this_machines_identity(
    arc: ArcAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    prove_sign_in(Arc())


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (ManagedIdentity(None), "nothing on this computer gives out managed identities"),
        (Arc(), "the Azure Arc agent on this computer doesn't answer"),
    ],
    ids=["managed identity", "arc"],
)
@pytest.mark.parametrize("variable", ["IDENTITY_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"])
def test_a_computer_without_an_identity_is_told_so_at_once(
    monkeypatch: pytest.MonkeyPatch, way: SignIn, words: str, variable: str
) -> None:
    monkeypatch.setenv(variable, NOWHERE)
    monkeypatch.setenv("IDENTITY_HEADER" if way != Arc() else "IMDS_ENDPOINT", NOWHERE)
    if variable != "IDENTITY_ENDPOINT":
        monkeypatch.delenv("IDENTITY_HEADER", raising=False)
    begun = time.monotonic()
    assert words in str(why(way))
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("client_id", "words"),
    [(None, "has no managed identity"), ("wrong", "azure.client_id names")],
)
def test_an_identity_that_the_machine_does_not_have_is_named(
    machine: Machine, client_id: str | None, words: str
) -> None:
    machine.error = {"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity"}
    assert words in str(why(ManagedIdentity(client_id)))


def test_an_agent_that_refuses_is_named(arc: ArcAgent) -> None:
    arc.answer = (400, '{"error": "invalid_request", "error_description": "disconnected"}')
    assert "gives out no identity" in str(why(Arc()))
    assert "azcmagent check" in str(why(Arc()))


@contextmanager
def other_account(folder: Path) -> Iterator[None]:
    """Be an account that may not look into the folder."""
    if sys.platform == "win32":
        pytest.skip("needs machine: POSIX, whose folders have modes")
    folder.chmod(0)
    is_root = os.geteuid() == 0  # who may look everywhere
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)


def test_an_account_outside_the_agents_group_is_told_which(arc: ArcAgent) -> None:
    def answer(request: Request) -> Pieces:  # the agent may write there, whoever asks
        yield http(401, b"", f"WWW-Authenticate: Basic realm={arc.folder / 'x.key'}")

    with OddServer(answer) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.port}/metadata")
        with other_account(arc.folder):
            error = why(Arc())
    assert "the account that runs shopmaster may not use" in error.cause
    assert "Hybrid agent extension applications" in error.remedy
    assert "himds" in error.remedy


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("AADSTS700027: x [Reason - The key used is expired.]", "has expired"),
        ("AADSTS700027: x [Reason - The key was not found.]", "doesn't trust the certificate"),
        ("AADSTS700024: Client assertion is not within its valid time range.", "clock is wrong"),
        ("AADSTS7000112: Application is disabled.", "is disabled"),
        ("AADSTS53003: Blocked by Conditional Access.", "refuses the certificate"),
    ],
    ids=["expired", "not trusted", "clock", "disabled", "other"],
)
def test_a_refused_certificate_is_explained(
    entra: Entra, made: Made, refusal: str, words: str
) -> None:
    entra.refusal = refusal
    assert words in str(why(made.way))


def test_a_certificate_that_nobody_trusts_is_explained(entra: Entra, made: Made) -> None:
    assert "doesn't trust the certificate" in str(why(made.way))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_id": TENANT}, "azure.client_id"),
        ({"tenant_id": CLIENT}, "there is no tenant with that azure.tenant_id"),
        ({"tenant_id": "the shop's"}, "azure.tenant_id is not the id of a tenant"),
        ({"path": Path("nowhere.pem")}, "nowhere.pem can't be read"),
    ],
    ids=["app", "tenant", "no tenant's id", "file"],
)
def test_a_wrong_setting_of_a_certificate_is_named(
    entra: Entra, made: Made, change: dict[str, Any], words: str
) -> None:
    entra.trusted.append(made.public)
    assert words in str(why(replace(made.way, **change)))


@pytest.mark.parametrize("content", [b"", b"\x30\x82", b"-----BEGIN CERTIFICATE-----\nAAAA"])
def test_a_file_that_is_no_certificate_is_explained(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sign-in.pem"
    path.write_bytes(content)
    assert "is no RSA certificate with its private key" in str(
        why(Certificate(TENANT, CLIENT, path))
    )


def test_a_page_in_place_of_the_sign_in_is_no_wrong_tenant(
    authority: trustme.CA, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    with OddServer(always(http(403, b"<html>Sign in to this Wi-Fi</html>")), tls) as server:
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"https://localhost:{server.port}")
        assert "what answers is not Azure's sign-in" in str(why(made.way))


def test_a_sign_in_that_cannot_be_reached_may_pass(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://127.0.0.1:9")
    error = why(made.way)
    assert "Azure's sign-in can't be reached" in str(error)
    assert error.may_pass


def test_a_proxy_on_the_way_to_the_sign_in_is_the_cause(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://login.invalid")
    monkeypatch.setenv("HTTPS_PROXY", "http://till:Hush@127.0.0.1:9")
    error = why(made.way)
    assert "the proxy 127.0.0.1:9, which HTTPS_PROXY names, doesn't answer" in str(error)
    assert "Hush" not in str(error)
    assert error.may_pass


def test_a_sign_in_behind_a_replaced_certificate_is_explained(
    entra: Entra, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    error = why(made.way)
    assert "doesn't trust its certificate" in str(error)
    assert "REQUESTS_CA_BUNDLE" in error.remedy


def test_a_developer_without_az_is_told_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "`az` isn't installed" in str(why(Developer()))


def test_the_storage_account_is_not_blamed_for_a_failed_sign_in(
    account: StorageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", NOWHERE)
    monkeypatch.setenv("IMDS_ENDPOINT", NOWHERE)
    agent = AzureStorage(replace(account, sign_in=Arc()), CLOCK)
    with pytest.raises(StorageError) as caught:
        agent.prove_write(StoreName("0001"))
    agent.close()
    assert not isinstance(caught.value, StorageUnavailableError)
    assert str(caught.value).startswith(
        "A catalogue couldn't be uploaded, because this computer can't sign in to Azure: the Azure Arc"
    )


def test_an_unusable_certificate_is_noticed_before_anything_is_sent(tmp_path: Path) -> None:
    way = Certificate(TENANT, CLIENT, tmp_path / "missing.pem")
    with pytest.raises(SignInError, match=r"missing\.pem can't be read"):
        AzureStorage(StorageAccount("https://shop.blob.invalid", sign_in=way), CLOCK)
