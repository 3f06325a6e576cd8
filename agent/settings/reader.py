"""Reads single settings, and collects every problem instead of stopping at the first."""

import difflib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from agent.settings.file import PREFIX, Entry, RawSettings, variable

Value = TypeVar("Value")

CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "database": {
        "server": ("server", "database", "authentication", "username"),
        "connection_string": ("connection_string",),
        "sqlite": ("sqlite",),
    },
    "storage": {
        "account_url": ("account_url",),
        "connection_string": ("connection_string",),
    },
}
"""Tables with alternatives: each alternative's main key, and the keys that belong to it."""


@dataclass(frozen=True, slots=True)
class SettingsReader:
    """The settings of an agent; `problems` collects what is wrong with them, one sentence each."""

    entries: Mapping[str, Entry]
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, raw: RawSettings) -> "SettingsReader":
        """Read `raw`, without what alternatives chosen in the environment replace in the file."""
        dropped = {
            f"{table}.{key}"
            for table, kinds in CHOICES.items()
            if (chosen := _chosen_by_environment(raw, table))
            for kind, keys in kinds.items()
            if kind not in chosen
            for key in keys
        }
        return cls(
            {
                key: entry
                for key, entry in raw.entries.items()
                if entry.in_environment or key not in dropped
            }
        )

    def place(self, key: str) -> str:
        """Return a key as the user knows it: as in the file, or the environment variable's name."""
        entry = self.entries.get(key)
        return entry.place if entry else key

    def problem(self, key: str, what: str) -> None:
        """Add a problem with the value of `key`; `what` is the rest of a sentence that begins with it."""
        end = "" if what.endswith("?") else "."
        self.problems.append(f"{self.place(key)} {what}{end}")

    def text(self, key: str, required: str | None = None) -> str | None:
        """Return the text of `key`, or None where it is missing or wrong.

        If it is `required`, a missing one is a problem, and that text says what to do.
        """
        entry = self.entries.get(key)
        if entry is None:
            if required is not None:
                self.problem(key, f"is missing: {required}")
            return None
        value = entry.value
        if not isinstance(value, str):
            self.problem(key, f'must be text in quotes: {key.rpartition(".")[2]} = "…"')
        elif not value.strip():
            self.problem(key, "is empty")
        elif any(ord(character) < 32 or ord(character) == 127 for character in value):
            self.problem(
                key, r"contains a control character: put text with a \ in single quotes, '…\…'"
            )
        else:
            return value
        return None

    def parsed(
        self, key: str, parse: Callable[[str], Value], required: str | None = None
    ) -> Value | None:
        """Return what `parse` makes of the text of `key`, or None where it is missing or wrong.

        A ValueError of `parse` is a problem; its message is the rest of a sentence that begins with
        the key. `required` is as for `text`.
        """
        text = self.text(key, required)
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError as invalid:
            self.problem(key, str(invalid))
            return None

    def path(self, key: str, file: Path | None, required: str | None = None) -> Path | None:
        """Return the path at `key`; a relative one in the settings `file` starts from its folder."""
        text = self.text(key, required)
        if text is None:
            return None
        from_file = file is not None and not self.entries[key].in_environment
        return file.parent / text if file is not None and from_file else Path(text)

    def number(self, key: str, lowest: float, highest: float) -> float | None:
        """Return the number at `key`, or None where it is missing or wrong."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        value = entry.value
        if entry.in_environment:
            with suppress(TypeError, ValueError):
                value = float(str(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value)
            if lowest <= number <= highest:
                return number
        self.problem(key, f"must be a number from {lowest:g} to {highest:g}, without quotes")
        return None

    def choice(self, table: str, otherwise: str) -> str | None:
        """Return which of a table's alternatives was chosen; if not exactly one, add a problem."""
        kinds = CHOICES[table]
        chosen = [
            kind
            for kind, keys in kinds.items()
            if any(f"{table}.{key}" in self.entries for key in keys)
        ]
        if not chosen:
            self.problems.append(f"[{table}] is missing: {otherwise}.")
        elif len(chosen) > 1:
            places = [
                self.place(f"{table}.{key}")
                for kind in chosen
                for key in kinds[kind]
                if f"{table}.{key}" in self.entries
            ]
            self.problems.append(
                f"{' and '.join(places)} can't be used together: keep one of them."
            )
        return chosen[0] if len(chosen) == 1 else None

    def report_unknown(self, known: Collection[str]) -> None:
        """Add a problem for every key that doesn't exist, with the one that may be meant."""
        for key, entry in self.entries.items():
            if key in known:
                continue
            if entry.in_environment:
                meant = _meant_variable(entry.place, known)
                # A variable that resembles none of the agent's may belong to another program.
                if meant or "__" in entry.place:
                    self.problem(key, f"is not a setting{meant}")
            elif any(name.startswith(f"{key}.") for name in known):
                self.problem(key, f"must be a table: a line [{key}] with its settings below it")
            else:
                self.problem(key, f"is not a setting{_meant_key(key, known)}")


def _meant_variable(name: str, known: Collection[str]) -> str:
    ours = [variable(key).removeprefix(PREFIX) for key in known]
    found = difflib.get_close_matches(name.removeprefix(PREFIX), ours, 1, 0.8)
    return f"; did you mean {PREFIX}{found[0]}?" if found else ""


def _meant_key(key: str, known: Collection[str]) -> str:
    leaf = key.rpartition(".")[2]
    leaves = {name.rpartition(".")[2]: name for name in known}
    # In the wrong table, misspelt, or both.
    found = [leaves[leaf]] if leaf in leaves else difflib.get_close_matches(key, known, 1, 0.75)
    if not found:
        found = [leaves[name] for name in difflib.get_close_matches(leaf, leaves, 1, 0.75)]
    if not found:
        return ""
    where = "" if "." in found[0] else ", which belongs above the first [table]"
    return f"; did you mean `{found[0]}`{where}?"


def _chosen_by_environment(raw: RawSettings, table: str) -> set[str]:
    return {
        kind
        for kind in CHOICES[table]
        if (entry := raw.entries.get(f"{table}.{kind}")) and entry.in_environment
    }
