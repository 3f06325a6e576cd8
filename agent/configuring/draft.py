"""The settings as far as they are known: those of several sources, the later over the earlier."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.settings.file import Entry, RawSettings
from agent.settings.reader import CHOICES

PASSWORD = "database.password"  # noqa: S105  the key's name
PATHS = ("state_folder", "database.sqlite", "azure.certificate", "digible.token_file")
"""Settings that are paths."""

NUMBERS = ("upload.change_limit_percent",)
"""Settings that are numbers."""

Entries = Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Draft:
    """What the settings file is going to say, and the password, which it never says."""

    entries: Entries = field(repr=False)
    """The password is among them."""

    file: Path
    """The settings file, which may not exist yet."""

    def text(self, key: str) -> str | None:
        """Return a setting's text, or None."""
        entry = self.entries.get(key)
        return entry.value if entry is not None and isinstance(entry.value, str) else None

    def over(self, later: Entries) -> "Draft":
        """Return the draft with the settings of a later source, without what they replace.

        An alternative, such as `sqlite` instead of `server`, replaces all that belongs to the other.
        """
        return Draft({**_kept(self.entries, later), **later}, self.file)

    def answered(self, answers: Mapping[str, str | None]) -> "Draft":
        """Return the draft with a person's answers; None takes a setting away."""
        given = {key: _answer(key, text) for key, text in answers.items() if text is not None}
        left = {
            key: entry for key, entry in self.entries.items() if answers.get(key, "") is not None
        }
        return Draft(left, self.file).over(given)

    @property
    def raw(self) -> RawSettings:
        """The draft as it would be read from the file."""
        return RawSettings(self.entries, self.file, (self.file,), self.entries)

    @property
    def to_write(self) -> dict[str, object]:
        """What belongs in the file, by key: everything but the password."""
        return {
            key: _number(entry.value) if key in NUMBERS else entry.value
            for key, entry in self.entries.items()
            if key != PASSWORD
        }


def located(entries: Entries, folder: Path, keys: Iterable[str] = PATHS) -> dict[str, Entry]:
    """Return settings from elsewhere, with relative paths made absolute: they started from `folder`."""
    found = dict(entries)
    for key in keys:
        entry = found.get(key)
        if entry is not None and isinstance(entry.value, str) and entry.value.strip():
            path = str((folder / entry.value).absolute())
            found[key] = Entry(path, entry.place, entry.in_environment)
    return found


def _answer(key: str, text: str) -> Entry:
    # As if from the environment: it isn't in the file, and must not get there.
    return Entry(text, key, in_environment=key == PASSWORD)


def _kept(entries: Entries, later: Entries) -> dict[str, Entry]:
    dropped: set[str] = set()
    for table, kinds in CHOICES.items():
        chosen = {kind for kind in kinds if f"{table}.{kind}" in later}
        for kind, keys in kinds.items():
            if chosen and kind not in chosen:
                dropped |= {f"{table}.{key}" for key in keys}
    return {key: entry for key, entry in entries.items() if key not in dropped}


def _number(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value  # the settings' own check says so
    return int(number) if number.is_integer() else number
