"""The use case of `configure` on a terminal: all questions, in their order, and back again."""

from collections.abc import Callable
from functools import partial

from agent.configuring.asking_cloud import ask_storage, ask_store, ask_token
from agent.configuring.asking_server import ask_database
from agent.configuring.asking_table import ask_table
from agent.configuring.draft import Draft
from agent.configuring.going_back import BACK, BackError, Reversible
from agent.configuring.surroundings import Surroundings
from agent.configuring.terminal import Terminal
from agent.errors import StoppedError
from agent.settings.parsing import KEYS, parse_settings

_KNOWN = ("database.", "columns.", "storage.", "azure.", "key_vault.")
_ASKED = tuple(key for key in KEYS if key == "store" or key.startswith(_KNOWN))


def interview(terminal: Terminal, near: Surroundings, draft: Draft) -> Draft:
    """Return the draft with a person's answers, each of which was tried; who goes back keeps the others.

    Raises StoppedError if the person stops, SettingsError at once for a setting that is wrong and not
    asked for, and AgentError if this computer lacks something.
    """
    _check_rest(draft)
    terminal.say(
        f"The settings go to {draft.file.absolute()}.\n"
        "Press Enter to take the answer in [ ].\n"
        f"Type {BACK} to go back to the question before.\n"
        "Ctrl-C stops, and changes nothing.\n"
    )
    try:
        return _asked(Reversible(terminal), near, draft)
    except (KeyboardInterrupt, EOFError):
        is_there = draft.file.exists()
        left = f"{draft.file} is as it was." if is_there else "No settings were written."
        raise StoppedError(f"Stopped. {left}") from None


def _asked(terminal: Terminal, near: Surroundings, draft: Draft) -> Draft:
    steps: tuple[Callable[[Draft], Draft], ...] = (
        partial(ask_store, terminal),
        partial(ask_database, terminal, near),
        partial(ask_table, terminal, near),
        partial(ask_storage, terminal, near),
        partial(ask_token, terminal, near),
    )
    number = 0
    while number < len(steps):
        try:
            draft = steps[number](draft)
            number += 1
        except BackError:
            number = max(number - 1, 0)
    return draft


def _check_rest(draft: Draft) -> None:
    """Raise SettingsError for what is wrong with the settings that no question is about."""
    rest = {key: entry for key, entry in draft.entries.items() if key not in _ASKED}
    in_place = {"store": "0", "database.sqlite": "x", "database.table": "x"}
    parse_settings(Draft(rest, draft.file).answered(in_place).raw, with_storage=False)
