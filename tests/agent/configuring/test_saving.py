"""The password goes to its place and the settings to their file, or nothing changes."""

import os
from pathlib import Path

import pytest

from agent.configuring.draft import PASSWORD, Draft
from agent.configuring.saving import save
from agent.errors import AgentError, SettingsError
from agent.passwords import stored_password
from agent.passwords.ports import PasswordError

LOGIN = "till@shop-pc"


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    return Draft({}, tmp_path / "shopmaster.toml").answered(
        {
            "store": "0001",
            "database.server": "shop-pc",
            "database.authentication": "sql",
            "database.username": "till",
            PASSWORD: "Hush",
        }
    )


def files(draft: Draft) -> set[str]:
    return {path.name for path in draft.file.parent.iterdir()}


def test_what_is_where_is_said(draft: Draft) -> None:
    said = save(draft, None)
    assert said[0] == f"The settings are in {draft.file}."
    assert said[1].startswith(f"The password of {LOGIN} is in ")
    assert stored_password(draft.file, LOGIN) == "Hush"
    assert "Hush" not in " ".join(said) + draft.file.read_text("utf-8") + repr(draft)


def test_another_user_leaves_no_password_of_the_first(draft: Draft) -> None:
    save(draft, None)
    save(draft.answered({"database.authentication": "windows", "database.username": None}), None)
    assert stored_password(draft.file, LOGIN) is None
    assert files(draft) == {"shopmaster.toml"}


def test_a_password_that_stays_need_not_be_given_again(draft: Draft) -> None:
    save(draft, None)
    save(draft.answered({PASSWORD: None, "store": "0002"}), None)
    assert stored_password(draft.file, LOGIN) == "Hush"


def test_a_password_that_cannot_be_forgotten_is_told_when_the_settings_are_written(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise PasswordError("The keyring is locked.", "Unlock it.")

    save(draft, None)
    monkeypatch.setattr("agent.configuring.saving.forget_password", locked)
    said = save(draft.answered({"database.username": "anna"}), None)
    assert said[1] == "An older password may still be stored. The keyring is locked. Unlock it."
    assert 'username = "anna"' in draft.file.read_text(encoding="utf-8")


def test_settings_that_cannot_be_edited_change_nothing(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft.file.write_text('store = "before"', encoding="utf-8")

    def refuse(*_: object) -> str:
        raise SettingsError("It can't be edited.")

    monkeypatch.setattr("agent.configuring.saving.edited", refuse)
    with pytest.raises(SettingsError):
        save(draft, None)
    assert files(draft) == {"shopmaster.toml"}


def test_a_place_that_cannot_be_written_to_says_what_to_do(draft: Draft, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    elsewhere = Draft({}, tmp_path / "file" / "shopmaster.toml").answered({"store": "0001"})
    with pytest.raises(AgentError, match="--config"):
        save(elsewhere, None)


@pytest.mark.skipif(os.name == "nt", reason="needs machine: file modes")
@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("https://a.blob.core.windows.net", 0o644),
        ("https://a.blob.core.windows.net/?sig=Hush", 0o600),
    ],
    ids=["no secret", "a SAS"],
)
def test_only_what_holds_a_secret_is_for_its_account_alone(
    draft: Draft, url: str, mode: int
) -> None:
    save(draft.answered({"storage.account_url": url}), None)
    assert draft.file.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name == "nt", reason="needs machine: file modes")
def test_a_secret_in_a_file_that_others_may_read_is_warned_about(draft: Draft) -> None:
    save(draft, None)
    with_secret = draft.answered(
        {"storage.account_url": "https://a.blob.core.windows.net/?sig=Hush"}
    )
    said = save(with_secret, None)  # which keeps the mode that the file had
    assert "storage.account_url" in said[-1]
    assert "chmod 600" in said[-1]
    assert "Hush" not in said[-1]
