"""The settings of an old shopMaster, taken over from its `.env` file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.configuring.draft import PASSWORD
from agent.errors import SettingsError
from agent.settings.database import Authentication
from agent.settings.file import Entry

_KEYS = {
    "server_name": "database.server",
    "db_name": "database.database",
    "local_table": "database.table",
}
_SECURITY = {
    "windows authentication": Authentication.WINDOWS,
    "password": Authentication.SQL,
}


@dataclass(frozen=True, slots=True)
class OldSettings:
    """What an old shopMaster knew."""

    entries: Mapping[str, Entry] = field(repr=False)
    """As settings of the agent; the password is one of them."""

    token: str | None = field(repr=False)
    """The store's token for Digible, which may have expired."""

    file: Path

    @property
    def to_delete(self) -> str:
        """What the owner should do with the old file, in a few sentences."""
        named = [
            *(["the password of the database"] if PASSWORD in self.entries else []),
            *(["the token of the online store"] if self.token is not None else []),
        ]
        holds = f", which contains {' and '.join(named)} in clear" if named else ""
        return (
            f"When everything works, delete {self.file}{holds}, and its copies in backups. "
            "Then uninstall the old shopMaster, so that two programs don't upload."
        )


def read_old(path: Path) -> OldSettings:
    """Read an old shopMaster's file; raises SettingsError if it can't be read or isn't one."""
    said = _read(path)
    entries = {key: _entry(path, name, said[name]) for name, key in _KEYS.items() if said.get(name)}
    if not entries:
        raise SettingsError(
            f"{path} has none of an old shopMaster's settings ({', '.join(_KEYS)}).",
            "Name its .env file with --import.",
        )
    security = said.get("security") or ("Password" if said.get("username") else "")
    if security:
        entries |= _authentication(path, security, said)
    return OldSettings(entries, said.get("access_token") or None, path)


def _authentication(path: Path, security: str, said: Mapping[str, str]) -> dict[str, Entry]:
    way = _SECURITY.get(security.strip().casefold())
    if way is None:
        raise SettingsError(
            f"{path} has another `security` than “Windows Authentication” or “Password”.",
            "Correct it there, or answer the questions of `shopmaster configure` instead.",
        )
    entries = {"database.authentication": _entry(path, "security", way.value)}
    if way is Authentication.SQL:
        if said.get("username"):
            entries["database.username"] = _entry(path, "username", said["username"])
        if said.get("password"):
            place = f"password in {path}"
            # As if from the environment: it must not get into the settings file.
            entries[PASSWORD] = Entry(said["password"], place, in_environment=True)
    return entries


def _entry(path: Path, name: str, value: str) -> Entry:
    return Entry(value, f"{name} in {path}", in_environment=False)


def _read(path: Path) -> dict[str, str]:
    """Return the file's values by lower-case name."""
    # Imported late: it is needed once in a store's life.
    from dotenv import dotenv_values  # noqa: PLC0415

    try:
        with path.open(encoding="utf-8-sig") as file:
            values = dotenv_values(
                stream=file, interpolate=False
            )  # a $ in a password stands for itself
    except OSError as error:
        raise SettingsError(
            f"The old settings {path} can't be read ({error.strerror or error}).",
            "Correct the path of --import.",
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"The old settings {path} are not UTF-8.",
            "Save the file again with the encoding UTF-8 (in Notepad: Save as, Encoding).",
        ) from error
    return {name.lower(): value for name, value in values.items() if value is not None}
