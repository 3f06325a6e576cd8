"""Tries, before any question, whether the settings and the password can be written in the end."""

import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from agent.errors import AgentError
from agent.passwords.ports import PasswordError

if sys.platform == "win32":
    import ctypes

    from agent.passwords.windows import this_guard
else:
    from agent.passwords.posix import ModeGuard

Close = Callable[[Path, str], None]
"""Lets nobody but an account and administrators open a file; raises PasswordError."""

ELSEWHERE = (
    "Open PowerShell with `Run as administrator` and run the command there, or name another file with "
    "--config."
    if sys.platform == "win32"
    else "Run the command with sudo, or name another file with --config."
)
"""What to do where this account may not write."""


if sys.platform == "win32":

    def _close(file: Path, account: str) -> None:
        # Everybody may make a file beside machine-wide settings; closed in vain, nobody could delete it.
        if not ctypes.windll.shell32.IsUserAnAdmin():
            raise PasswordError("Only an administrator can do that.")
        this_guard().close(file, account)
else:
    _close = ModeGuard().close


def try_to_write(file: Path, account: str | None, close: Close = _close) -> None:
    """Write an empty file where the settings go, for `account` unless it is None, and delete it again.

    Raises AgentError if that fails.
    """
    place = _nearest(file.resolve())
    trial = place / f".{file.name}.{secrets.token_hex(4)}.try"
    try:
        if sys.platform == "win32" and file.exists():
            file.open("r+b").close()
        trial.open("xb").close()
        if account is not None:
            close(trial, account)
    except PasswordError as error:
        what = f"The settings can't be written to {file} for {account}."
        to_do = error.remedy.removesuffix("The password was not stored.").strip()
        raise AgentError(f"{what} {error.cause}", to_do or ELSEWHERE) from error
    except OSError as error:
        why = error.strerror or error
        raise AgentError(f"The settings can't be written to {file} ({why}).", ELSEWHERE) from error
    finally:
        with suppress(OSError):
            trial.unlink()


def may_write(file: Path, account: str | None) -> bool:
    """Return whether settings can be written there, and the folders to them made."""
    try:
        try_to_write(file, account)
    except AgentError:
        return False
    return True


def _nearest(file: Path) -> Path:
    """Return the nearest folder above a file that is there."""
    return next(folder for folder in file.parents if folder.exists())
