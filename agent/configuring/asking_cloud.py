"""The questions about what is beyond this computer: the store's name, the storage, the token."""

from collections.abc import Callable
from contextlib import suppress

from agent.configuring.asking_sign_in import ask_sign_in, needs_sign_in, without_idle_sign_in
from agent.configuring.draft import Draft
from agent.configuring.going_back import BackError
from agent.configuring.surroundings import Surroundings
from agent.configuring.terminal import Terminal, ask_for, confirm
from agent.configuring.wording import worded
from agent.errors import AgentError, SettingsError
from agent.settings.cloud import parse_vault_url
from agent.settings.parsing import Settings, parse_settings
from agent.storage.address import AddressError, parse_account_url, parse_connection_string
from contract.blobs import parse_store

_NO_VAULT = "none"


def ask_store(terminal: Terminal, draft: Draft) -> Draft:
    """Ask for the store's name."""
    while True:
        name = ask_for(
            terminal, "Name of the store, from your operator, such as 0001", draft.text("store")
        )
        try:
            return draft.answered({"store": parse_store(name)})
        except ValueError as problem:
            terminal.say(f"✗ That name {problem}.")


def ask_storage(terminal: Terminal, near: Surroundings, draft: Draft) -> Draft:
    """Ask for the storage account until a catalogue could be uploaded there, or the owner insists."""

    def tried(settings: Settings) -> str:
        terminal.say("Trying the storage account …")
        near.prove_storage(settings)
        return "A catalogue can be uploaded there."

    return _ask_until(terminal, draft, _ask_account, tried)


def ask_token(terminal: Terminal, near: Surroundings, draft: Draft) -> Draft:
    """Ask where the store's token for Digible is kept, until it can be looked up or the owner insists."""

    def tried(settings: Settings) -> str | None:
        return near.token(settings) if settings.tokens is not None else None

    return _ask_until(terminal, draft, _ask_vault, tried)


def _ask_until(
    terminal: Terminal,
    draft: Draft,
    ask: Callable[[Terminal, Draft], Draft],
    tried: Callable[[Settings], str | None],
) -> Draft:
    """Ask until what was answered works, or the owner insists; `tried` returns what works, if anything."""
    while True:
        draft = ask(terminal, draft)
        try:
            works = tried(parse_settings(draft.raw, with_storage=True))
        except AgentError as error:
            terminal.say(f"✗ {worded(error)}\n")
            if not isinstance(error, SettingsError) and _insists(terminal):
                return draft
        else:
            if works is not None:
                terminal.say(f"✓ {works}\n")
            return draft


def _insists(terminal: Terminal) -> bool:
    with suppress(BackError):  # to the answers
        return confirm(terminal, "Keep these answers all the same?", default=False)
    return False


def _ask_account(terminal: Terminal, draft: Draft) -> Draft:
    while True:
        draft = _ask_address(terminal, draft)
        with suppress(BackError):  # to the address
            return (
                ask_sign_in(terminal, draft)
                if needs_sign_in(draft)
                else without_idle_sign_in(draft)
            )


def _ask_address(terminal: Terminal, draft: Draft) -> Draft:
    is_known = any(key.startswith("storage.") for key in draft.entries)
    hint = "not shown; Enter keeps it" if is_known else "not shown"
    question = f"Storage account: address or connection string ({hint}): "
    while True:
        answer = terminal.ask_hidden(question).strip()
        if not answer and is_known:
            return draft
        key = "storage.account_url" if "://" in answer[:8] else "storage.connection_string"
        try:
            if key == "storage.account_url":
                parse_account_url(answer)
            else:
                parse_connection_string(answer)
        except AddressError as problem:
            terminal.say(f"✗ What you typed {problem}.")
            continue
        return draft.answered({key: answer})


def _ask_vault(terminal: Terminal, draft: Draft) -> Draft:
    known = draft.text("key_vault.url")
    if known is None and draft.text("digible.token_file") is not None:
        return draft
    terminal.say("Where `shopmaster login` keeps the token of your online store:")
    while True:
        question = f"Key Vault from your operator, or {_NO_VAULT}"
        answer = ask_for(terminal, question, known or _NO_VAULT)
        if answer.casefold() == _NO_VAULT:
            return without_idle_sign_in(draft.answered({"key_vault.url": None}))
        try:
            parse_vault_url(answer)
        except AddressError as problem:
            terminal.say(f"✗ What you typed {problem}.")
            continue
        draft = draft.answered({"key_vault.url": answer})
        if draft.text("azure.sign_in") is not None:
            return draft
        with suppress(BackError):  # to the Key Vault
            return ask_sign_in(terminal, draft)
        known = answer
