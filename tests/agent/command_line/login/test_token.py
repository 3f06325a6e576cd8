"""The token: stored where the settings say, or the old one stays."""

import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.token_store.file import FileTokens
from agent.token_store.vault import VaultTokens
from tests.agent.command_line.login.shop import STDIN, Shop
from tests.key_vault import KeyVaultStandIn


def test_a_login_without_a_terminal_stores_the_token_and_says_until_when(shop: Shop) -> None:
    code, out, err = shop.run(*STDIN)
    assert (code, err) == (0, "")
    assert shop.token.count(".") == 2
    until = (datetime.now(UTC) + timedelta(days=1)).astimezone()
    assert "Logged in. Digible says: “Login successful”." in out
    assert f"The token is in the file {shop.folder / 'token'} and holds until" in out
    assert f"{until:%Y-%m-%d}" in out
    assert "(23 hours)" in out
    assert shop.token not in out
    if sys.platform != "win32":
        assert stat.S_IMODE((shop.folder / "token").stat().st_mode) == 0o600


def test_a_wrong_password_leaves_the_old_token(shop: Shop) -> None:
    (shop.folder / "token").write_text("older", encoding="utf-8")
    code, out, err = shop.run(*STDIN, stdin="wrong-one\n")
    assert (code, out) == (1, "")
    assert err.startswith("Error: Nobody was logged in: Digible refuses the e-mail or the password")
    assert "wrong-one" not in err
    assert shop.token == "older"


def test_ctrl_c_while_the_token_is_stored_is_uncertain(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FileTokens, "set", interrupted)
    code, _, err = shop.run(*STDIN)
    assert (code, err) == (130, "Stopped at the last moment: the new login may be stored.\n")


def test_a_token_that_cannot_be_stored_is_explained(shop: Shop) -> None:
    shop.settings('[digible]\ntoken_file = "missing/token"\n')
    code, _, err = shop.run(*STDIN)
    assert code == 1
    assert "Digible accepted the login. The token can't be written to the file" in err


@pytest.fixture
def vault(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyVaultStandIn]:
    shop.settings(
        '[azure]\nsign_in = "developer"\n[key_vault]\nurl = "https://keys.vault.azure.net"\n'
    )
    with KeyVaultStandIn(tmp_path) as vault:
        vault.may_read = False
        monkeypatch.setattr("agent.token_store.vault.vault_client", lambda *_: vault.client())
        yield vault


def test_the_token_goes_to_the_key_vault_with_its_expiry(
    shop: Shop, vault: KeyVaultStandIn
) -> None:
    code, out, _ = shop.run(*STDIN)
    assert code == 0
    secret = vault.secrets[f"digible-token-{shop.store}"]
    assert secret.value.count(".") == 2
    with vault.client() as client:
        expiry = VaultTokens(client, shop.store).expiry()
    assert expiry.expires_on is not None
    assert f"holds until {expiry.expires_on.astimezone():%Y-%m-%d %H:%M}" in out


def test_no_right_to_write_the_secret_is_explained(shop: Shop, vault: KeyVaultStandIn) -> None:
    vault.refusal = 403
    code, _, err = shop.run(*STDIN)
    assert code == 1
    assert "Digible accepted the login. The token can't be stored: the Key Vault" in err
    assert f"lacks the right to the secret digible-token-{shop.store}" in err
