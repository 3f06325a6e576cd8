"""Writes what `configure` found out: the password to its place, then the settings file, whole or not at all."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from agent.configuring.document import edited
from agent.configuring.draft import PASSWORD, Draft
from agent.errors import AgentError
from agent.passwords import forget_password, login_name_of, place_of_password, store_password
from agent.passwords.ports import PasswordError
from agent.passwords.posix import ModeGuard
from agent.replacing import replace_file
from agent.settings.database import Authentication
from agent.settings.exposure import ASSIGNED_SECRET, exposure
from agent.settings.file import read_settings


def save(draft: Draft, account: str | None) -> list[str]:
    """Write the draft, and return sentences that say what is where now, and what is left to do.

    `account` is the one that runs the upload; None if it is this one. Raises AgentError; the settings
    file is then as it was.
    """
    file = draft.file
    before = _name_before(file)
    text = edited(_text(file), draft.to_write)  # this may fail, and nothing is changed yet
    name, password = _login_name(draft), draft.text(PASSWORD)
    if name is not None and password is not None:
        store_password(file, name, password, account)
    _write(file, text, account)
    said = [f"The settings are in {file.absolute()}.", *_passwords(file, before, name)]
    if warning := exposure(read_settings(file, {})):
        said.append(str(warning))
    return said


def _passwords(file: Path, before: str | None, name: str | None) -> Iterator[str]:
    """Forget the password of `before`, and yield where that of `name` is.

    The settings are written by now, so an error is only told: raised, it would sound as if they weren't.
    """
    try:
        if before is not None and before != name:
            forget_password(file, before)
        if name is not None:
            yield place_of_password(file, name)
    except PasswordError as error:
        yield f"An older password may still be stored. {error}"


def _write(file: Path, text: str, account: str | None) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, text.encode(), None if file.exists() else _rights(text, account))
    except OSError as error:
        raise AgentError(
            f"The settings file {file} can't be written ({error.strerror or error}).",
            "Run the command as an administrator (on Linux: with sudo), or name another file with "
            "--config.",
        ) from error


def _rights(text: str, account: str | None) -> Callable[[Path], None]:
    """Return what lets everybody read a new settings file, or only its account if it holds a secret.

    On Windows its folder says that.
    """
    if ASSIGNED_SECRET.search(text):
        return partial(ModeGuard().close, account=None if sys.platform == "win32" else account)
    return lambda new: new.chmod(0o644)


def _name_before(file: Path) -> str | None:
    if not file.exists():
        return None
    return _login_name(Draft(read_settings(file, {}).in_file, file))


def _login_name(draft: Draft) -> str | None:
    """Return the name that the draft's password is kept under, or None if it needs none."""
    server, user = draft.text("database.server"), draft.text("database.username")
    is_sql = draft.text("database.authentication") == Authentication.SQL
    return login_name_of(user, server) if is_sql and server and user else None


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8-sig") if file.exists() else ""
