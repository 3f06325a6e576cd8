"""The library's keyring: what goes wrong with it becomes a sentence with what to do."""

from collections.abc import Callable, Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, NoKeyringError

from agent.passwords.own_keyring import SERVICE, OwnKeyring
from agent.passwords.ports import PasswordError

LOGIN = "till@shop-pc"


class Backend(KeyringBackend):
    """A keyring in memory, or one that raises."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.trouble: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self._fail()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._fail()
        del self.kept[service, username]

    def _fail(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@pytest.fixture
def backend() -> Iterator[Backend]:
    before = keyring.get_keyring()
    ours = Backend()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def test_a_password_is_kept_and_forgotten(backend: Backend) -> None:
    own = OwnKeyring()
    assert own.get(LOGIN) is None
    own.set(LOGIN, "Hush")
    assert backend.kept == {(SERVICE, LOGIN): "Hush"}
    assert own.get(LOGIN) == "Hush"
    own.delete(LOGIN)
    own.delete(LOGIN)  # and again: there is nothing to do
    assert backend.kept == {}


class OfWindows(Exception):  # noqa: N818  as in pywin32
    """An error of a backend's own, as Windows raises it in a task without a stored password."""


@pytest.mark.parametrize(
    ("trouble", "cause", "remedy"),
    [
        (KeyringLocked("no"), "is locked", "Unlock it"),
        (NoKeyringError("no"), "has no keyring", "--account"),
        (
            OfWindows(1312, "CredRead", "A specified logon session does not exist"),
            "OfWindows",
            "--account",
        ),
    ],
    ids=["locked", "absent", "of the system"],
)
def test_a_keyring_that_cannot_be_used_says_what_to_do(
    backend: Backend, trouble: Exception, cause: str, remedy: str
) -> None:
    backend.trouble = trouble
    own = OwnKeyring()
    attempts: list[Callable[[], object]] = [
        lambda: own.get(LOGIN),
        lambda: own.set(LOGIN, "Hush"),
        lambda: own.delete(LOGIN),
    ]
    for attempt in attempts:
        with pytest.raises(PasswordError) as caught:
            attempt()
        assert cause in caught.value.cause
        assert remedy in caught.value.remedy
        assert "Hush" not in str(caught.value)
