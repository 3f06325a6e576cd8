"""Finds and reads the settings file, and the environment variables that override it."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import SettingsError

FILE_NAME = "shopmaster.toml"
PREFIX = "SHOPMASTER_"
CONFIG_VARIABLE = "SHOPMASTER_CONFIG"
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
PASSWORD_CREDENTIAL = "shopmaster.password"  # noqa: S105  the name of systemd's file
_SAVE_AGAIN = "Save it again with the encoding UTF-8 (in Notepad: Save as, Encoding)."
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Entry:
    """A setting's value, and where it was found."""

    value: object
    place: str
    """Its name as the user knows it: `database.server` in a file, or the environment variable."""

    in_environment: bool


@dataclass(frozen=True, slots=True)
class RawSettings:
    """Everything that is set, right or wrong."""

    entries: Mapping[str, Entry]
    """By dotted key, such as `database.server`."""

    file: Path | None
    """The settings file, if there is one."""

    looked_at: tuple[Path, ...]
    """Where the file was looked for."""

    in_file: Mapping[str, Entry] = field(default_factory=dict)
    """What the file says, even where the environment overrides it."""


def machine_wide_file(environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the path of the settings file for all accounts on this machine."""
    if platform == "win32":
        return Path(environment.get("PROGRAMDATA") or r"C:\ProgramData") / "shopMaster" / FILE_NAME
    if platform == "darwin":
        return Path("/Library/Application Support/shopMaster") / FILE_NAME
    return Path("/etc/shopmaster") / FILE_NAME


def read_settings(config: Path | None, environment: Mapping[str, str]) -> RawSettings:
    """Read the settings file, if there is one, and the environment, which overrides it.

    The file is `config`, or `$SHOPMASTER_CONFIG`, or the machine-wide one, or `./shopmaster.toml`.
    Raises SettingsError if it can't be read, or if it was named but doesn't exist.
    """
    named = config or (Path(value) if (value := environment.get(CONFIG_VARIABLE)) else None)
    places = (named,) if named else (machine_wide_file(environment), Path(FILE_NAME))
    for place in places:
        data = _bytes(place)
        if data is not None:
            entries = dict(_entries(_table(place, data)))
            both = entries | environment_entries(environment)
            return RawSettings(both, place, places, entries)
    if named is not None:
        asked = "--config" if config else f"${CONFIG_VARIABLE}"
        raise SettingsError(
            f"There is no settings file {named}, which {asked} names.",
            "Correct the path, or create the file.",
        )
    return RawSettings(environment_entries(environment), None, places)


def variable(key: str) -> str:
    """Return the name of the environment variable for a dotted key."""
    return PREFIX + key.replace(".", "__").upper()


def _bytes(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if place.is_dir():
            raise SettingsError(
                f"The settings file {place} can't be read, because it is a folder.",
                f"Name the file in it, such as {place / FILE_NAME}, with --config.",
            ) from error
        is_denied = isinstance(error, PermissionError)
        to_do = "Give this account the right to read it." if is_denied else "Correct the path."
        raise SettingsError(
            f"The settings file {place} can't be read ({error.strerror}).", to_do
        ) from error


def _table(place: Path, data: bytes) -> dict[str, object]:
    if data.startswith(_UTF_16) or b"\0" in data:
        raise SettingsError(
            f"The settings file {place} is saved as UTF-16, or isn't text.", _SAVE_AGAIN
        )
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{place}, line {line}, is not UTF-8.", _SAVE_AGAIN) from error
    except tomllib.TOMLDecodeError as error:
        raise _toml_problem(place, data, str(error)) from error


def _toml_problem(place: Path, data: bytes, said: str) -> SettingsError:
    """Return the error for a file that isn't TOML; it doesn't quote the line, which may hold a secret."""
    found = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", said)
    reason = said[: found.start()].strip() if found else said
    if found is None or found[1] is None:
        number = data.rstrip().count(b"\n") + 1
        where = f"line {number}, the last one"
    else:
        number = int(found[1])
        where = f"line {number}, column {found[2]}"
    to_do = "Correct that line: text must be in straight quotes."
    if b"\\" in data.split(b"\n")[number - 1].partition(b'"')[2]:
        reason = r"in double quotes, a \ doesn't stand for itself"
        to_do = r"Use single quotes: 'localhost\SQLEXPRESS', 'C:\Users\me\shop.db'."
    return SettingsError(f"The settings file {place} can't be read: {reason} ({where}).", to_do)


def _entries(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, Entry]]:
    for name, value in table.items():
        key = above + name
        if isinstance(value, dict):
            yield from _entries(value, f"{key}.")
        else:
            yield key, Entry(value, key, in_environment=False)


def environment_entries(environment: Mapping[str, str]) -> dict[str, Entry]:
    """Return the settings in the environment; an empty variable counts as not set."""
    found = dict(_credential(environment))
    for name, value in environment.items():
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE and value:
            key = name.removeprefix(PREFIX).lower().replace("__", ".")
            found[key] = Entry(value, name, in_environment=True)
    return found


def _credential(environment: Mapping[str, str]) -> Iterator[tuple[str, Entry]]:
    """Yield the database's password if systemd hands it over as a credential of the service."""
    folder = environment.get(CREDENTIALS_VARIABLE)
    if not folder:
        return
    with suppress(OSError, UnicodeDecodeError):
        password = (Path(folder) / PASSWORD_CREDENTIAL).read_text("utf-8").rstrip("\r\n")
        if password:
            place = f"the systemd credential {PASSWORD_CREDENTIAL}"
            yield "database.password", Entry(password, place, in_environment=True)
