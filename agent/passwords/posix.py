"""The protection that Linux and macOS have for a file: its owner and its mode."""

import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from agent.passwords.ports import PasswordError

_OTHERS = 0o077


class ModeGuard:
    """Lets nobody but a file's owner and root open it."""

    def close(self, file: Path, account: str | None) -> None:
        """Let nobody but `account` (None: this one) and root open a file; raises PasswordError."""
        file.chmod(0o600)
        if account is None:
            return
        try:
            shutil.chown(file, account)
        except LookupError as error:
            raise PasswordError(
                f"There is no user {account} on this computer.",
                "Correct the name. The password was not stored.",
            ) from error
        except PermissionError as error:
            raise PasswordError(
                f"This account may not store a password for {account}.",
                "Run the command with sudo. The password was not stored.",
            ) from error

    def check(self, file: Path) -> None:
        """Raise PasswordError if others may open it."""
        if file.stat().st_mode & _OTHERS:
            raise PasswordError(
                f"Other users of this computer may read the password in {file}.",
                f"Run `chmod 600 {shlex.quote(str(file))}`, and have the password changed if one of "
                "them may have read it.",
            )

    def readers(self, file: Path, account: str | None) -> str:
        """Return who may open it, in words."""
        owner = account or "its owner"
        if sys.platform != "win32":
            with suppress(OSError, KeyError):  # it has no name here, or the folder is closed to us
                owner = file.owner()
        return owner if owner == "root" else f"{owner} and root"


class NoSeal:
    """There is no key of the computer's own: who may open the file, may read it."""

    def seal(self, data: bytes) -> bytes:
        """Return the data as it is."""
        return data

    def unseal(self, data: bytes) -> bytes:
        """Return the data as it is."""
        return data
