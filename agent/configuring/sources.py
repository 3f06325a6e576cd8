"""Where the settings come from: the file of before, an old shopMaster's, an answers file, the environment."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from agent.configuring.draft import PASSWORD, Draft, Entries, located
from agent.configuring.old_shopmaster import OldSettings
from agent.configuring.running_as import runner
from agent.configuring.writable import may_write
from agent.settings.file import (
    CONFIG_VARIABLE,
    Entry,
    environment_entries,
    machine_wide_file,
    read_settings,
)

_WITH_RIGHTS = (
    "in PowerShell opened with `Run as administrator`" if sys.platform == "win32" else "with sudo"
)


def first_draft(
    config: Path | None,
    environment: Mapping[str, str],
    old: OldSettings | None,
    answers: Path | None,
) -> Draft:
    """Return what is known before any question, the environment over all other sources.

    Raises SettingsError for a file that can't be read.
    """
    draft = _written(config, environment)
    if old is not None:
        draft = draft.over(old.entries)
    if answers is not None:
        draft = draft.over(_answers(answers))
    return draft.over(located(environment_entries(environment), Path()))


def _written(config: Path | None, environment: Mapping[str, str]) -> Draft:
    """Return what the settings file says, or an empty draft of the one that will be written."""
    named = config or (Path(value) if (value := environment.get(CONFIG_VARIABLE)) else None)
    if named is not None and not named.exists():
        return Draft({}, named)
    raw = read_settings(config, environment)
    if raw.file is not None:
        return Draft(_without_password_in_file(raw.in_file), raw.file)
    machine_wide, here = raw.looked_at
    is_ours = may_write(machine_wide, runner(None, machine_wide, environment))
    return Draft({}, machine_wide if is_ours else here)


def passed_over(config: Path | None, environment: Mapping[str, str], file: Path) -> str | None:
    """Return a sentence for the owner if a new `file` was chosen for want of rights alone."""
    machine_wide = machine_wide_file(environment)
    is_named = config is not None or environment.get(CONFIG_VARIABLE)
    if is_named or file.exists() or file == machine_wide:
        return None
    return (
        f"A scheduled upload should have its settings in {machine_wide}, which this account may not "
        f"write. For that, stop with Ctrl-C and run the command {_WITH_RIGHTS}."
    )


def _answers(file: Path) -> Entries:
    found = {
        key: replace(entry, place=f"{entry.place} in {file}")
        for key, entry in read_settings(file, {}).in_file.items()
    }
    return located(_without_password_in_file(found), file.parent)


def _without_password_in_file(entries: Entries) -> dict[str, Entry]:
    """Return the entries with a password as if from the environment: it is stored where it belongs."""
    return {
        key: replace(entry, in_environment=True) if key == PASSWORD else entry
        for key, entry in entries.items()
    }
