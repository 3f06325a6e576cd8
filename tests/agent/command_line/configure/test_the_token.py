"""`configure` looks at the store's token, and takes over that of an old shopMaster."""

import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from agent.passwords import stored_password
from tests.agent.command_line.configure.installer import Installer
from tests.tds import PASSWORD, USER


def token_until(moment: int) -> str:
    claims = urlsafe_b64encode(json.dumps({"exp": moment}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln"


def old_settings(installer: Installer, token: str) -> Path:
    file = installer.folder / "old.env"
    file.write_text(
        f"server_name='{installer.server.server}'\ndb_name='Shop'\nsecurity='Password'\n"
        f"username='{USER}'\npassword='{PASSWORD}'\nlocal_table='dbo.Products'\n"
        f"access_token='{token}'\n",
        encoding="utf-8",
    )
    return file


def test_an_old_shopmasters_settings_are_taken_over(installer: Installer) -> None:
    token, kept = token_until(4_000_000_000), installer.folder / "token"
    installer.environment(
        STORE=installer.store,
        STORAGE__CONNECTION_STRING=installer.storage,
        DIGIBLE__TOKEN_FILE=str(kept),
    )
    old = old_settings(installer, token)
    code, out, err = installer.run("--import", str(old), "--from")
    assert (code, err) == (0, "")
    assert token not in out
    assert "The old shopMaster's token was taken over." in out
    assert f"delete {old}, which contains the password of the database and the token" in out
    assert token in kept.read_text(encoding="utf-8")
    assert installer.written["database"]["table"] == "dbo.Products"
    assert stored_password(installer.file, f"{USER}@{installer.server.server}") == PASSWORD
    assert PASSWORD not in installer.file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("expiry", "place", "said"),
    [
        (1_000_000_000, "token", "has expired, and was not taken over"),
        (4_000_000_000, None, "don't say where a token is kept"),
        (4_000_000_000, "no-folder/token", "was not taken over: "),
    ],
    ids=["expired", "nowhere to keep it", "can't be kept"],
)
def test_a_token_that_cannot_be_taken_over_is_no_obstacle(
    installer: Installer, expiry: int, place: str | None, said: str
) -> None:
    installer.environment(STORE=installer.store, STORAGE__CONNECTION_STRING=installer.storage)
    if place is not None:
        installer.environment(DIGIBLE__TOKEN_FILE=str(installer.folder / place))
    token = token_until(expiry)
    code, out, err = installer.run("--import", str(old_settings(installer, token)), "--from")
    assert (code, err) == (0, "")
    assert said in out
    assert token not in out


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (None, "There is no token yet"),
        (token_until(4_000_000_000), "There is a token, until 2096-"),
        (token_until(1_000_000_000), "The token has expired"),
    ],
    ids=["none", "good", "expired"],
)
def test_the_place_of_the_token_is_looked_at(
    installer: Installer, kept: str | None, said: str
) -> None:
    file = installer.folder / "token"
    if kept is not None:
        file.write_text(kept, encoding="utf-8")
    installer.environment(**installer.answers(DIGIBLE__TOKEN_FILE="token"))
    code, out, err = installer.run("--from")
    assert (code, err) == (0, "")
    assert f"✓ {said}" in out
    assert installer.written["digible"]["token_file"] == str(file)
