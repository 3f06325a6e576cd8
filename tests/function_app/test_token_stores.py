"""Where Digible tokens are kept: Key Vault through Microsoft's client, a file, the environment."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.blobs import StoreName
from function_app.errors import TokenMissingError, TokenStoreError
from function_app.ports import TokenStore
from function_app.token import StoredToken, is_expired
from function_app.token_stores import FileToken, FixedToken, KeyVaultTokens
from tests.key_vault import KeyVaultStandIn

STORE = StoreName("0001")
NAME = "digible-token-0001"
NOW = datetime.now(UTC).replace(microsecond=0)
MISSING = "No Digible token is stored for store 0001. Log in to Digible to store one."
BROKEN = "What is stored for store 0001 is not a Digible token. Log in to Digible to store one."


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[KeyVaultStandIn]:
    with KeyVaultStandIn(tmp_path) as stand_in:
        yield stand_in


@pytest.fixture
def tokens(vault: KeyVaultStandIn) -> Iterator[KeyVaultTokens]:
    with vault.client() as client:
        yield KeyVaultTokens(client)


def test_key_vault_keeps_a_token_for_each_store(
    vault: KeyVaultStandIn, tokens: KeyVaultTokens
) -> None:
    vault.put(NAME, "opaque")
    vault.put("digible-token-0002", "another", NOW)
    assert tokens.token(STORE) == StoredToken("opaque")
    assert tokens.token(StoreName("0002")) == StoredToken("another", NOW)


def test_a_token_that_was_replaced_is_read_again(
    vault: KeyVaultStandIn, tokens: KeyVaultTokens
) -> None:
    vault.put(NAME, "old")
    assert tokens.token(STORE).value == "old"
    vault.put(NAME, "new")
    assert tokens.token(STORE).value == "new"


@pytest.mark.parametrize(("hours", "expired"), [(-1, True), (1, False)])
def test_key_vault_returns_an_expired_secret_and_we_check_its_date(
    vault: KeyVaultStandIn, tokens: KeyVaultTokens, hours: int, *, expired: bool
) -> None:
    vault.put(NAME, "opaque", NOW + timedelta(hours=hours))
    assert is_expired(tokens.token(STORE), NOW) is expired


def test_a_store_without_a_secret_has_no_token(tokens: KeyVaultTokens) -> None:
    with pytest.raises(TokenMissingError, match=MISSING):
        tokens.token(STORE)


@pytest.mark.parametrize("status", [403, 429, 500])
def test_a_refusal_by_the_vault_is_distinguished_from_a_missing_token(
    vault: KeyVaultStandIn, tokens: KeyVaultTokens, status: int
) -> None:
    vault.put(NAME, "s3cret")
    vault.refusal = status
    with pytest.raises(TokenStoreError) as refused:
        tokens.token(STORE)
    assert not isinstance(refused.value, TokenMissingError)
    assert str(refused.value).startswith("The token can't be read from Key Vault (")
    assert "s3cret" not in str(refused.value)


def test_a_disabled_secret_is_a_missing_token(
    vault: KeyVaultStandIn, tokens: KeyVaultTokens
) -> None:
    vault.put(NAME, "s3cret", enabled=False)
    with pytest.raises(TokenMissingError, match="The Digible token of store 0001 was disabled"):
        tokens.token(STORE)


def test_an_unreachable_vault_is_distinguished_from_a_missing_token(tmp_path: Path) -> None:
    with KeyVaultStandIn(tmp_path) as vault:
        client = vault.client()
    with client, pytest.raises(TokenStoreError) as away:
        KeyVaultTokens(client).token(STORE)
    assert not isinstance(away.value, TokenMissingError)


def in_key_vault(request: pytest.FixtureRequest, value: str) -> TokenStore:
    vault: KeyVaultStandIn = request.getfixturevalue("vault")
    vault.put(NAME, value)
    tokens: KeyVaultTokens = request.getfixturevalue("tokens")
    return tokens


def in_a_file(request: pytest.FixtureRequest, value: str) -> TokenStore:
    path: Path = request.getfixturevalue("tmp_path") / "token"
    path.write_text(value, encoding="utf-8")
    return FileToken(path)


def in_the_environment(request: pytest.FixtureRequest, value: str) -> TokenStore:
    return FixedToken(value)


everywhere = pytest.mark.parametrize("kept", [in_key_vault, in_a_file, in_the_environment])
Kept = Callable[[pytest.FixtureRequest, str], TokenStore]


@everywhere
@pytest.mark.parametrize("value", ["opaque", "opaque\n", " opaque\r\n", "\topaque "])
def test_white_space_around_a_token_is_not_part_of_it(
    request: pytest.FixtureRequest, kept: Kept, value: str
) -> None:
    assert kept(request, value).token(STORE) == StoredToken("opaque")


@everywhere
@pytest.mark.parametrize("value", ["", " ", "\r\n"])
def test_an_empty_token_is_a_missing_token(
    request: pytest.FixtureRequest, kept: Kept, value: str
) -> None:
    with pytest.raises(TokenMissingError, match=MISSING):
        kept(request, value).token(STORE)


@everywhere
@pytest.mark.parametrize("value", ["two\nlines", "s3cret–dash", "s3cret\x00", "\ufffds3cret"])
def test_text_that_cannot_be_sent_is_not_a_token(
    request: pytest.FixtureRequest, kept: Kept, value: str
) -> None:
    with pytest.raises(TokenMissingError) as broken:
        kept(request, value).token(STORE)
    assert str(broken.value) == BROKEN


def test_the_token_file_is_read_each_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    for value in ("old", "new"):
        path.write_text(value, encoding="utf-8")
        assert FileToken(path).token(STORE).value == value


def test_the_token_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("opaque\r\n", encoding="utf-8-sig")
    assert FileToken(path).token(STORE).value == "opaque"


def test_a_missing_token_file_is_a_missing_token(tmp_path: Path) -> None:
    with pytest.raises(TokenMissingError, match=MISSING):
        FileToken(tmp_path / "token").token(STORE)


def test_an_unreadable_token_file_is_distinguished_from_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfa")
    for path in (tmp_path, tmp_path / "binary"):
        with pytest.raises(TokenStoreError) as unreadable:
            FileToken(path).token(STORE)
        assert str(unreadable.value) == "The file of DIGIBLE_TOKEN_FILE can't be read."


@pytest.mark.parametrize("store", [FixedToken("s3cret"), StoredToken("s3cret")])
def test_no_token_is_shown(store: object) -> None:
    assert "s3cret" not in repr(store)
