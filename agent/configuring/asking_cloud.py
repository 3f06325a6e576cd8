"""The questions about what is beyond this computer: the store's name, the storage, the sign-in, the token."""

from agent.configuring.draft import Draft
from agent.configuring.surroundings import Surroundings
from agent.configuring.terminal import Terminal, ask_for, choose, confirm
from agent.errors import AgentError, SettingsError
from agent.settings.parsing import parse_settings
from agent.sign_in import CERTIFICATE, WAYS
from agent.storage.address import AddressError, parse_account_url, parse_connection_string
from contract.blobs import parse_store

_MANAGED_IDENTITY = "managed_identity"
_WAYS = {
    "arc": "this computer is connected to Azure Arc",
    _MANAGED_IDENTITY: "it is a virtual machine in Azure",
    CERTIFICATE: "an app registration, with a certificate on this computer",
    "developer": "the person who is signed in to `az`",
}


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
    while True:
        draft = _ask_account(terminal, draft)
        try:
            settings = parse_settings(draft.raw, with_storage=True)
            terminal.say("Trying the storage account …")
            near.prove_storage(settings)
        except SettingsError as error:
            terminal.say(f"✗ {error}\n")
        except AgentError as error:
            terminal.say(f"✗ {error}\n")
            if confirm(terminal, "Keep these answers all the same?", default=False):
                return draft
        else:
            terminal.say("✓ A catalogue can be uploaded there.\n")
            return draft


def ask_token(terminal: Terminal, near: Surroundings, draft: Draft) -> Draft:
    """Ask where the store's token for Digible is kept, until it can be looked up or the owner insists."""
    while True:
        draft = _ask_vault(terminal, draft)
        try:
            settings = parse_settings(draft.raw, with_storage=True)
            if settings.tokens is None:
                return draft
            terminal.say(f"✓ {near.token(settings)}\n")
        except SettingsError as error:
            terminal.say(f"✗ {error}\n")
        except AgentError as error:
            terminal.say(f"✗ {error}\n")
            if confirm(terminal, "Keep these answers all the same?", default=False):
                return draft
        else:
            return draft


def _ask_account(terminal: Terminal, draft: Draft) -> Draft:
    is_known = any(key.startswith("storage.") for key in draft.entries)
    hint = "not shown; nothing keeps what is there" if is_known else "not shown"
    question = f"Storage account: address or connection string ({hint}): "
    while True:
        answer = terminal.ask_hidden(question).strip()
        if not answer and is_known:
            break
        key = "storage.account_url" if "://" in answer[:8] else "storage.connection_string"
        try:
            if key == "storage.account_url":
                parse_account_url(answer)
            else:
                parse_connection_string(answer)
        except AddressError as problem:
            terminal.say(f"✗ What you typed {problem}.")
            continue
        draft = draft.answered({key: answer})
        break
    return _ask_sign_in(terminal, draft) if _needs_sign_in(draft) else draft


def _needs_sign_in(draft: Draft) -> bool:
    url = draft.text("storage.account_url")
    try:
        return url is not None and parse_account_url(url).sas is None
    except AddressError:
        return False


def _ask_sign_in(terminal: Terminal, draft: Draft) -> Draft:
    terminal.say("How this computer signs in to Azure:")
    described = [f"{way}: {_WAYS.get(way, '')}" for way in WAYS]
    before = draft.text("azure.sign_in")
    default = next((each for each in described if before and each.startswith(f"{before}:")), None)
    while True:
        way = choose(terminal, "Sign-in", described, default).partition(":")[0]
        if way in WAYS:
            break
        terminal.say(f"✗ It must be one of {', '.join(WAYS)}.")
    answers: dict[str, str | None] = {"azure.sign_in": way}
    if way == CERTIFICATE:
        for key, what in (
            ("azure.tenant_id", "Tenant id"),
            ("azure.client_id", "Client id of the app registration"),
            ("azure.certificate", "Path of the certificate, a PEM or PFX file"),
        ):
            answers[key] = ask_for(terminal, what, draft.text(key))
    else:
        answers |= {"azure.tenant_id": None, "azure.certificate": None}
        if way != _MANAGED_IDENTITY:
            answers["azure.client_id"] = None
    return draft.answered(answers)


def _ask_vault(terminal: Terminal, draft: Draft) -> Draft:
    known = draft.text("key_vault.url")
    if known is None and draft.text("digible.token_file") is not None:
        return draft
    terminal.say("Where `shopmaster login` keeps the token of your online store:")
    question = "Key Vault" + (
        f" [{known}]" if known else ", or nothing if your operator named none"
    )
    answer = terminal.ask(f"{question}: ") or known
    if not answer:
        return draft
    draft = draft.answered({"key_vault.url": answer})
    has_way = draft.text("azure.sign_in") is not None
    return draft if has_way else _ask_sign_in(terminal, draft)
