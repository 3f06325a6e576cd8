"""A password is kept where the account that runs the upload can read it, and for one login at one server."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.passwords import (
    forget_password,
    login_name_of,
    place_of_password,
    store_password,
    stored_password,
)
from agent.passwords.places import Places
from agent.passwords.ports import PasswordError
from tests.agent.passwords.keeping import FakeKeyring, FakeSeal, file_in, windows_places

LOGIN = "till@shop-pc"
SERVICE = r"NT AUTHORITY\NETWORK SERVICE"


def test_a_password_is_for_one_login_at_one_server() -> None:
    assert login_name_of("till", "shop-pc") == LOGIN


# On Windows: a keyring, and a file for services.


def test_this_accounts_password_goes_to_its_keyring_alone(tmp_path: Path) -> None:
    places, keyring = windows_places(tmp_path)
    places.store(LOGIN, "Hush", None)
    assert keyring.passwords == {LOGIN: "Hush"}
    assert list(tmp_path.iterdir()) == []
    assert places.stored(LOGIN) == "Hush"
    assert places.described(LOGIN) == (
        f"The password of {LOGIN} is in this account's Credential Manager, which only this account can "
        "open."
    )


def test_a_services_password_goes_to_a_file_that_it_can_read(tmp_path: Path) -> None:
    places, keyring = windows_places(tmp_path)
    places.store(LOGIN, "Hush", SERVICE)
    keyring.passwords.clear()  # the service has another keyring, which is empty
    assert places.stored(LOGIN) == "Hush"
    assert places.described(LOGIN) == (
        f"The password of {LOGIN} is in {tmp_path / 'shopmaster.password'}, which only {SERVICE} and "
        "administrators can open."
    )


def test_whoever_stores_a_services_password_can_still_upload_by_hand(tmp_path: Path) -> None:
    places, keyring = windows_places(tmp_path)
    places.store(LOGIN, "Hush", SERVICE)
    (tmp_path / "shopmaster.password").unlink()
    (tmp_path / "shopmaster.password").mkdir()  # as good as closed to this account
    assert places.stored(LOGIN) == "Hush"
    keyring.passwords.clear()
    with pytest.raises(PasswordError, match="can't open"):
        places.stored(LOGIN)


def test_a_locked_keyring_does_not_keep_a_service_from_its_password(tmp_path: Path) -> None:
    places, keyring = windows_places(tmp_path)
    keyring.is_locked = True
    places.store(LOGIN, "Hush", SERVICE)
    assert places.stored(LOGIN) == "Hush"


def test_a_locked_keyring_is_named(tmp_path: Path) -> None:
    places, keyring = windows_places(tmp_path)
    keyring.is_locked = True
    attempts: list[Callable[[], object]] = [
        lambda: places.store(LOGIN, "Hush", None),
        lambda: places.stored(LOGIN),
    ]
    for attempt in attempts:
        with pytest.raises(PasswordError, match="locked"):
            attempt()


def test_a_newer_password_in_the_keyring_is_not_hidden_by_an_older_file(tmp_path: Path) -> None:
    places, _ = windows_places(tmp_path)
    places.store(LOGIN, "old", SERVICE)
    places.store(LOGIN, "new", None)
    assert places.stored(LOGIN) == "new"


def test_a_forgotten_password_is_nowhere(tmp_path: Path) -> None:
    places, keyring = windows_places(tmp_path)
    places.store(LOGIN, "Hush", SERVICE)
    places.forget(LOGIN)
    assert list(tmp_path.iterdir()) == []
    assert keyring.passwords == {}
    assert places.described(LOGIN) == f"No password is stored for {LOGIN}."


def test_another_logins_password_is_not_forgotten(tmp_path: Path) -> None:
    places, _ = windows_places(tmp_path)
    places.store(LOGIN, "Hush", SERVICE)
    places.forget("other@shop-pc")
    assert places.stored(LOGIN) == "Hush"


@pytest.mark.parametrize("other", ["till@evil.invalid", "sa@shop-pc"])
def test_a_password_is_given_to_no_other_server_and_no_other_user(
    tmp_path: Path, other: str
) -> None:
    """Whoever can change `server` in the settings must not receive the password there."""
    places, keyring = windows_places(tmp_path)
    places.store(LOGIN, "Hush", SERVICE)
    assert places.stored(other) is None
    keyring.passwords.clear()
    assert places.stored(other) is None


def test_without_a_settings_file_there_is_only_the_keyring() -> None:
    keyring = FakeKeyring()
    places = Places(None, keyring)
    places.store(LOGIN, "Hush", None)
    assert places.stored(LOGIN) == "Hush"
    with pytest.raises(PasswordError, match="--config"):
        places.store(LOGIN, "Hush", SERVICE)


# The file.


def test_a_sealed_password_is_of_no_use_on_another_computer(tmp_path: Path) -> None:
    file_in(tmp_path).set(LOGIN, "Hush", SERVICE)
    assert b"Hush" not in (tmp_path / "shopmaster.password").read_bytes()
    elsewhere = file_in(tmp_path, FakeSeal(b"there"))
    with pytest.raises(PasswordError, match="stored on another computer"):
        elsewhere.get(LOGIN)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[]", b'{"login": 1}', b'{"login": "till@shop-pc"}']
)
def test_a_damaged_file_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "shopmaster.password").write_bytes(content)
    with pytest.raises(PasswordError, match="configure"):
        file_in(tmp_path).get(LOGIN)


def test_the_password_shows_in_no_repr(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    file.set(LOGIN, "Hush", None)
    kept = file.kept()
    assert kept is not None
    assert kept.sealed not in repr(kept)


# On this computer.


@pytest.mark.skipif(sys.platform != "linux", reason="needs machine: Linux")
class TestOnLinux:
    def test_a_password_is_kept_beside_the_settings_for_its_owner_alone(
        self, tmp_path: Path
    ) -> None:
        settings = tmp_path / "shop" / "shopmaster.toml"
        store_password(settings, LOGIN, "Hüsh {;} \n", None)
        assert stored_password(settings, LOGIN) == "Hüsh {;} \n"
        file = settings.with_name("shopmaster.password")
        assert file.stat().st_mode & 0o777 == 0o600
        who = "root" if file.owner() == "root" else f"{file.owner()} and root"
        assert place_of_password(settings, LOGIN).endswith(f"{file}, which only {who} can open.")
        forget_password(settings, LOGIN)
        assert stored_password(settings, LOGIN) is None
        assert list(file.parent.iterdir()) == []

    def test_a_file_that_others_may_read_is_refused(self, tmp_path: Path) -> None:
        settings = tmp_path / "shopmaster.toml"
        store_password(settings, LOGIN, "Hush", None)
        settings.with_name("shopmaster.password").chmod(0o644)
        with pytest.raises(PasswordError, match="chmod 600") as caught:
            stored_password(settings, LOGIN)
        assert "Hush" not in str(caught.value)

    def test_an_account_that_does_not_exist_gets_no_password(self, tmp_path: Path) -> None:
        settings = tmp_path / "shopmaster.toml"
        with pytest.raises(PasswordError, match="There is no user nobody-of-ours"):
            store_password(settings, LOGIN, "Hush", "nobody-of-ours")
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_cannot_be_written_to_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(PasswordError, match="sudo"):
            store_password(tmp_path / "file" / "shopmaster.toml", LOGIN, "Hush")

    def test_nothing_is_stored_without_a_settings_file(self) -> None:
        assert stored_password(None, LOGIN) is None
        assert place_of_password(None, LOGIN) == f"No password is stored for {LOGIN}."
