"""Places for passwords that tests can look into."""

from dataclasses import dataclass, field
from pathlib import Path

from agent.passwords.places import Places
from agent.passwords.ports import PasswordError
from agent.passwords.protected_file import ProtectedFile


@dataclass
class FakeKeyring:
    """A keyring in memory, which may be locked."""

    passwords: dict[str, str] = field(default_factory=dict)
    is_locked: bool = False
    name: str = "Credential Manager"

    def get(self, login: str) -> str | None:
        self._check()
        return self.passwords.get(login)

    def set(self, login: str, password: str) -> None:
        self._check()
        self.passwords[login] = password

    def delete(self, login: str) -> None:
        self._check()
        self.passwords.pop(login, None)

    def _check(self) -> None:
        if self.is_locked:
            raise PasswordError("The keyring is locked.", "Unlock it.")


class FakeSeal:
    """Reverses the bytes; fails on another computer."""

    def __init__(self, computer: bytes = b"here") -> None:
        self.computer = computer

    def seal(self, data: bytes) -> bytes:
        return self.computer + data[::-1]

    def unseal(self, data: bytes) -> bytes:
        if not data.startswith(self.computer):
            raise OSError("key not valid for use in specified state")
        return data.removeprefix(self.computer)[::-1]


@dataclass
class FakeGuard:
    """Notes which file it was to close for whom."""

    closed_for: list[str | None] = field(default_factory=list)

    def close(self, file: Path, account: str | None) -> None:
        assert file.read_bytes() == b"", "closed too late: the password was readable"
        self.closed_for.append(account)

    def check(self, file: Path) -> None:
        pass

    def readers(self, file: Path, account: str | None) -> str:
        return f"{account or 'me'} and administrators"


def file_in(folder: Path, seal: FakeSeal | None = None) -> ProtectedFile:
    return ProtectedFile(folder / "shopmaster.password", seal or FakeSeal(), FakeGuard())


def windows_places(folder: Path) -> tuple[Places, FakeKeyring]:
    """Return the places as they are on Windows, and the keyring among them."""
    keyring = FakeKeyring()
    return Places(file_in(folder), keyring), keyring
