"""The settings take a SQL Server user's password from the environment, else from where it is stored."""

from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.passwords.ports import PasswordError
from agent.settings.file import read_settings
from agent.settings.parsing import Settings, parse_settings
from agent.sqlserver.table import SqlServerTable

VARIABLE = "SHOPMASTER_DATABASE__PASSWORD"
TEXT = r"""
store = "0001"
[database]
server = 'localhost\SQLEXPRESS'
database = "Shop"
table = "dbo.Products"
authentication = "sql"
username = "till"
"""


class Keeps:
    """What is stored, and for whom it was asked."""

    def __init__(self, answer: str | PasswordError | None) -> None:
        self.answer = answer
        self.asked: list[tuple[Path | None, str]] = []

    def __call__(self, settings_file: Path | None, login_name: str) -> str | None:
        self.asked.append((settings_file, login_name))
        if isinstance(self.answer, PasswordError):
            raise self.answer
        return self.answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shopmaster.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def parsed(
    file: Path, keeps: Keeps, monkeypatch: pytest.MonkeyPatch, **environment: str
) -> Settings:
    monkeypatch.setattr("agent.settings.database.stored_password", keeps)
    return parse_settings(read_settings(file, environment), with_storage=False)


def password_of(settings: Settings) -> tuple[str, ...]:
    assert isinstance(settings.products, SqlServerTable)
    return settings.products.login.secrets


def test_the_stored_password_is_that_of_this_user_at_this_server(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeps = Keeps("stored")
    assert password_of(parsed(file, keeps, monkeypatch)) == ("stored",)
    assert keeps.asked == [(file, r"till@localhost\SQLEXPRESS")]


def test_the_environment_wins(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeps = Keeps("stored")
    settings = parsed(file, keeps, monkeypatch, **{VARIABLE: "given"})
    assert password_of(settings) == ("given",)
    assert keeps.asked == []


def test_a_systemd_credential_is_like_the_environment_but_weaker(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shopmaster.password").write_text("of systemd\n", encoding="utf-8")
    folder = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert password_of(parsed(file, Keeps("stored"), monkeypatch, **folder)) == ("of systemd",)
    both = {**folder, VARIABLE: "given"}
    assert password_of(parsed(file, Keeps("stored"), monkeypatch, **both)) == ("given",)


def test_another_services_credentials_change_nothing(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert password_of(parsed(file, Keeps("stored"), monkeypatch, **folder)) == ("stored",)


def test_a_missing_password_says_for_whom_and_what_to_do(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError) as caught:
        parsed(file, Keeps(None), monkeypatch)
    said = str(caught.value)
    assert r"none is stored for till@localhost\SQLEXPRESS" in said
    assert "shopmaster configure" in said
    assert VARIABLE in said


def test_a_password_that_cannot_be_read_is_one_of_the_problems(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(TEXT.replace("0001", "BAD"), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        parsed(file, Keeps(PasswordError("The keyring is locked.", "Unlock it.")), monkeypatch)
    assert "The keyring is locked. Unlock it." in str(caught.value)
    assert "store is not a store name" in str(caught.value)
