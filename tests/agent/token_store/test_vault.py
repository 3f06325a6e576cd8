"""Tokens in a Key Vault: set through Microsoft's client, and never read back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.keyvault.secrets import SecretClient

from agent.errors import SignInError, TokenStoreError
from agent.sign_in import Certificate, Developer
from agent.token_store import StoredExpiry, VaultToken, token_store_for
from agent.token_store.vault import VaultTokens
from contract.blobs import StoreName
from tests.key_vault import Credential, KeyVaultStandIn

STORE = StoreName("0001")
NAME = "digible-token-0001"
UNTIL = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[KeyVaultStandIn]:
    with KeyVaultStandIn(tmp_path) as vault:
        vault.may_read = False
        yield vault


@pytest.fixture
def tokens(vault: KeyVaultStandIn) -> Iterator[VaultTokens]:
    with vault.client() as client:
        yield VaultTokens(client, STORE)


def problem(tokens: VaultTokens) -> str:
    with pytest.raises(TokenStoreError) as caught:
        tokens.set("s3cret", UNTIL)
    assert caught.value.remedy
    assert str(caught.value).startswith("The token can't be stored")
    assert "s3cret" not in str(caught.value) + repr(caught.value.__cause__)
    return str(caught.value)


def test_a_token_is_set_with_its_expiry(vault: KeyVaultStandIn, tokens: VaultTokens) -> None:
    tokens.set("abc", UNTIL)
    assert vault.secrets[NAME].value == "abc"
    assert vault.secrets[NAME].attributes["exp"] == UNTIL.timestamp()
    assert tokens.place == f"the Key Vault {vault.url.removeprefix('https://')}"


def test_the_expiry_is_seen_without_the_right_to_read(tokens: VaultTokens) -> None:
    assert tokens.expiry() == StoredExpiry(is_present=False, expires_on=None)
    tokens.set("abc", UNTIL + timedelta(days=9))
    tokens.set("def", UNTIL)
    assert tokens.expiry() == StoredExpiry(is_present=True, expires_on=UNTIL)
    tokens.set("ghi", None)
    assert tokens.expiry() == StoredExpiry(is_present=True, expires_on=None)


def test_a_disabled_secret_is_no_token(vault: KeyVaultStandIn, tokens: VaultTokens) -> None:
    vault.put(NAME, "abc", UNTIL, enabled=False)
    assert not tokens.expiry().is_present


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (403, {"code": "Forbidden"}, f"lacks the right to the secret {NAME}"),
        (403, {"code": "ForbiddenByFirewall"}, "network rules exclude this computer"),
        (
            403,
            {"code": "Forbidden", "innererror": {"code": "ForbiddenByConnection"}},
            "network rules exclude this computer",
        ),
        (409, {"code": "Conflict"}, f"keeps a deleted secret {NAME}"),
        (429, {"code": "Throttled"}, "is busy or in trouble (HTTP 429)"),
        (503, {"code": "Unavailable"}, "is busy or in trouble (HTTP 503)"),
        (400, {"code": "BadParameter"}, "answers HTTP 400"),
    ],
    ids=["right", "firewall", "connection", "deleted", "busy", "trouble", "other"],
)
def test_a_refusal_is_explained(
    vault: KeyVaultStandIn,
    tokens: VaultTokens,
    status: int,
    error: dict[str, object],
    words: str,
) -> None:
    vault.refusal, vault.error = status, error
    assert words in problem(tokens)
    with pytest.raises(TokenStoreError, match="Whether a token is stored can't be seen"):
        tokens.expiry()


def client(url: str, **options: object) -> SecretClient:
    return SecretClient(url, Credential(), retry_total=0, **options)


def test_a_vault_that_cannot_be_reached_is_named() -> None:
    said = problem(VaultTokens(client("https://127.0.0.1:9"), STORE))
    assert "the Key Vault 127.0.0.1:9 can't be reached" in said
    assert "key_vault.url in the settings" in said


def test_a_replaced_certificate_is_explained(vault: KeyVaultStandIn) -> None:
    said = problem(VaultTokens(client(vault.url), STORE))
    assert "doesn't trust its certificate" in said


def test_another_service_at_the_vaults_address_gets_no_token(vault: KeyVaultStandIn) -> None:
    """The stand-in asks for a token for vault.azure.net, which it isn't."""
    there = client(vault.url, connection_verify=str(vault.certificate))
    assert "what answers is not the Key Vault" in problem(VaultTokens(there, STORE))
    assert not vault.secrets


class Failing:
    """A credential with which nobody can sign in."""

    def get_token(self, *_: str, **__: object) -> None:
        raise SignInError("nobody is signed in to `az`.", "Run `az login`.")

    get_token_info = get_token


def test_a_failed_sign_in_is_the_reason(vault: KeyVaultStandIn) -> None:
    there = SecretClient(
        vault.url,
        Failing(),  # type: ignore[arg-type]  # returns no token
        verify_challenge_resource=False,
        connection_verify=str(vault.certificate),
    )
    assert problem(VaultTokens(there, STORE)) == (
        "The token can't be stored, because this computer can't sign in to Azure: "
        "nobody is signed in to `az`. Run `az login`."
    )


def test_the_settings_lead_to_a_vault(tmp_path: Path) -> None:
    place = VaultToken("https://keys.vault.azure.net")
    tokens = token_store_for(place, Developer(), STORE)
    assert tokens.place == "the Key Vault keys.vault.azure.net"
    with pytest.raises(SignInError, match="can't be read"):
        token_store_for(place, Certificate("t", "c", tmp_path / "missing"), STORE)
    with pytest.raises(TokenStoreError, match=r"azure\.sign_in"):
        token_store_for(place, None, STORE)
