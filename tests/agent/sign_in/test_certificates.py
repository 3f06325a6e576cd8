"""Why a certificate can't be used to sign in."""

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from agent.sign_in import Certificate
from tests.agent.sign_in.proving import Made, why
from tests.agent.sign_in.stand_ins import CLIENT, TENANT, Entra
from tests.odd_server import OddServer, always, http


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
