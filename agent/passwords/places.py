"""Which place a password is kept in: one that the account which runs the upload can read.

A Windows task without a stored password has no keyring, and a service account has another one than the
person who ran `configure`. So a password for another account is kept in a protected file beside the
settings, and one for this account in its own keyring. On Linux it is always the file, because a timer's
run has no keyring either.
"""

import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.passwords.own_keyring import OwnKeyring
from agent.passwords.ports import Keyring, PasswordError
from agent.passwords.protected_file import ENDING, ProtectedFile


@dataclass(frozen=True, slots=True)
class Places:
    """The places that there are on this computer."""

    file: ProtectedFile | None
    """Beside the settings file; None without one."""

    keyring: Keyring | None
    """None where none is used."""

    def stored(self, login: str) -> str | None:
        """Return a login's password, or None if none is stored; raises PasswordError."""
        try:
            if self.file is not None and (password := self.file.get(login)) is not None:
                return password
        except PasswordError:
            # The file may be a service's, and this person's copy in the keyring.
            if self.keyring is not None and (password := self.keyring.get(login)) is not None:
                return password
            raise
        return self.keyring.get(login) if self.keyring is not None else None

    def store(self, login: str, password: str, account: str | None) -> None:
        """Store a password for `account`, or for this one (None); raises PasswordError."""
        if account is None and self.keyring is not None:
            self.keyring.set(login, password)
            if self.file is not None:
                self.file.delete()  # it is looked at first, and would be an older one
            return
        if self.file is None:
            raise PasswordError(
                "There is no settings file beside which the password could be stored.",
                "Name one with --config.",
            )
        self.file.set(login, password, account)
        if self.keyring is not None:
            with suppress(
                PasswordError
            ):  # for uploads that this person starts; not every account has one
                self.keyring.set(login, password)

    def described(self, login: str) -> str:
        """Return one sentence that says where a login's password is, and who can read it there."""
        kept = None
        if self.file is not None:
            try:
                kept = self.file.kept()
            except PasswordError as error:
                return error.cause
        if self.file is not None and kept is not None and kept.login == login:
            who = self.file.guard.readers(self.file.path, kept.account)
            return f"The password of {login} is in {self.file.path}, which only {who} can open."
        if self.keyring is not None and self.keyring.get(login) is not None:
            return (
                f"The password of {login} is in this account's {self.keyring.name}, which only this "
                "account can open."
            )
        return f"No password is stored for {login}."

    def forget(self, login: str) -> None:
        """Delete a login's password wherever it is; raises PasswordError."""
        kept = self.file.kept() if self.file is not None else None
        if self.file is not None and kept is not None and kept.login == login:
            self.file.delete()
        if self.keyring is not None:
            self.keyring.delete(login)


def places_for(settings_file: Path | None) -> Places:
    """Return the places for the password of these settings on this computer."""
    path = settings_file.absolute().with_suffix(ENDING) if settings_file is not None else None
    if sys.platform == "win32":
        from agent.passwords.windows import MachineSeal, this_guard  # noqa: PLC0415  only there

        file = ProtectedFile(path, MachineSeal(), this_guard()) if path is not None else None
        return Places(file, OwnKeyring())
    from agent.passwords.posix import ModeGuard, NoSeal  # noqa: PLC0415  not on Windows

    file = ProtectedFile(path, NoSeal(), ModeGuard()) if path is not None else None
    return Places(file, OwnKeyring() if sys.platform == "darwin" else None)


def login_name_of(user: str, server: str) -> str:
    """Return the name that a password is kept under: it is for that server, and sent to no other."""
    return f"{user}@{server}"


def stored_password(settings_file: Path | None, login_name: str) -> str | None:
    """Return a login's password, or None if none is stored; raises PasswordError.

    `login_name` is that of the function above.
    """
    return places_for(settings_file).stored(login_name)


def store_password(
    settings_file: Path | None, login_name: str, password: str, account: str | None = None
) -> None:
    """Store a password where `account` can read it (None: this one); raises PasswordError."""
    places_for(settings_file).store(login_name, password, account)


def place_of_password(settings_file: Path | None, login_name: str) -> str:
    """Return one sentence that says where a login's password is and who can read it; raises PasswordError."""
    return places_for(settings_file).described(login_name)


def forget_password(settings_file: Path | None, login_name: str) -> None:
    """Delete a login's password wherever it is; raises PasswordError."""
    places_for(settings_file).forget(login_name)
