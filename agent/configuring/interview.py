"""The use case of `configure` on a terminal: all questions, in their order."""

from agent.configuring.asking_cloud import ask_storage, ask_store, ask_token
from agent.configuring.asking_server import ask_database
from agent.configuring.asking_table import ask_table
from agent.configuring.draft import Draft
from agent.configuring.surroundings import Surroundings
from agent.configuring.terminal import Terminal
from agent.errors import StoppedError
from agent.settings.parsing import KEYS, parse_settings

_KNOWN = ("database.", "columns.", "storage.", "azure.", "key_vault.")
_ASKED = tuple(key for key in KEYS if key == "store" or key.startswith(_KNOWN))


def interview(terminal: Terminal, near: Surroundings, draft: Draft) -> Draft:
    """Return the draft with a person's answers, each of which was tried.

    Raises StoppedError if the person stops, SettingsError at once for a setting that is wrong and not
    asked for, and AgentError if this computer lacks something.
    """
    _check_rest(draft)
    terminal.say(
        f"The settings go to {draft.file.absolute()}. An answer in [ ] is taken if you type nothing. Ctrl-C stops, "
        "and changes nothing.\n"
    )
    try:
        draft = ask_store(terminal, draft)
        chosen = ask_database(terminal, near, draft)
        draft = ask_table(terminal, near, chosen.draft, chosen.login)
        draft = ask_storage(terminal, near, draft)
        return ask_token(terminal, near, draft)
    except (KeyboardInterrupt, EOFError):
        is_there = draft.file.exists()
        left = f"{draft.file} is as it was." if is_there else "No settings were written."
        raise StoppedError(f"\nStopped. {left}") from None


def _check_rest(draft: Draft) -> None:
    """Raise SettingsError for what is wrong with the settings that no question is about."""
    rest = {key: entry for key, entry in draft.entries.items() if key not in _ASKED}
    in_place = {"store": "0", "database.sqlite": "x", "database.table": "x"}
    parse_settings(Draft(rest, draft.file).answered(in_place).raw, with_storage=False)
