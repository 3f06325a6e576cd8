"""A file with one password, which only the account that runs the agent and administrators may open."""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path

from agent.passwords.ports import Guard, PasswordError, Seal
from agent.replacing import replace_file

ENDING = ".password"
"""Replaces that of the settings file: the two lie side by side."""

_AGAIN = "Run `shopmaster configure` again, which asks for the password and stores it anew."


@dataclass(frozen=True, slots=True)
class Kept:
    """What the file says."""

    login: str
    """Whose password it is: sent to another server, it would be given away."""

    account: str | None
    """For which account it was stored; None for the one that ran `configure`."""

    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProtectedFile:
    """The file beside a settings file."""

    path: Path
    seal: Seal
    guard: Guard

    def get(self, login: str) -> str | None:
        """Return the password, or None if there is no file or it is another login's.

        Raises PasswordError if it can't be read, or if others may read it.
        """
        kept = self.kept()
        if kept is None or kept.login != login:
            return None
        self.guard.check(self.path)
        try:
            return self.seal.unseal(base64.b64decode(kept.sealed, validate=True)).decode()
        except (OSError, ValueError) as error:
            raise PasswordError(
                f"The password in {self.path} can't be used: it was stored on another computer, or the "
                "file is damaged.",
                _AGAIN,
            ) from error

    def kept(self) -> Kept | None:
        """Return what the file says, or None if there is none; raises PasswordError."""
        try:
            said = json.loads(self.path.read_bytes())
            return Kept(str(said["login"]), said["account"], str(said["password"]))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise PasswordError(
                f"The password is in {self.path}, which this account can't open "
                f"({error.strerror or error}).",
                "Run the command as the account that the password was stored for or as an "
                "administrator, or store it for this account too: `shopmaster configure`.",
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise PasswordError(f"The file {self.path} is damaged.", _AGAIN) from error

    def set(self, login: str, password: str, account: str | None) -> None:
        """Store a password for `account`, or for this account; raises PasswordError."""
        try:
            sealed = base64.b64encode(self.seal.seal(password.encode())).decode()
            text = json.dumps({"login": login, "account": account, "password": sealed})
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.path, text.encode(), lambda new: self.guard.close(new, account))
        except OSError as error:
            raise PasswordError(
                f"The password can't be stored in {self.path} ({error.strerror or error}).",
                "Run the command as an administrator (on Linux: with sudo), or keep the settings in a "
                "folder of your own with --config.",
            ) from error

    def delete(self) -> None:
        """Delete the file, if there is one; raises PasswordError."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise PasswordError(
                f"The old password's file {self.path} can't be deleted ({error.strerror or error}).",
                "Delete it yourself, as an administrator.",
            ) from error
