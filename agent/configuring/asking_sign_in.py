"""The questions about how this computer signs in to Azure, where anything needs that."""

from agent.configuring.draft import Draft
from agent.configuring.terminal import Terminal, ask_for, pick
from agent.sign_in import CERTIFICATE, WAYS
from agent.storage.address import AddressError, parse_account_url

_MANAGED_IDENTITY = "managed_identity"
_WAYS = {
    "arc": "this computer is connected to Azure Arc",
    _MANAGED_IDENTITY: "it is a virtual machine in Azure",
    CERTIFICATE: "an app registration, with a certificate on this computer",
    "developer": "the person who is signed in to `az`",
}
_OTHER_USES = ("key_vault.url", "telemetry.connection_string")
_OF_SIGN_IN = ("azure.sign_in", "azure.tenant_id", "azure.client_id", "azure.certificate")


def needs_sign_in(draft: Draft) -> bool:
    """Return whether the storage account is one that this computer has to sign in to."""
    url = draft.text("storage.account_url")
    try:
        return url is not None and parse_account_url(url).sas is None
    except AddressError:
        return False


def ask_sign_in(terminal: Terminal, draft: Draft) -> Draft:
    """Ask for the way of signing in, and for what it needs."""
    terminal.say("How this computer signs in to Azure:")
    way = pick(
        terminal,
        "Sign-in",
        {way: f"{way}: {_WAYS.get(way, '')}" for way in WAYS},
        draft.text("azure.sign_in"),
    )
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


def without_idle_sign_in(draft: Draft) -> Draft:
    """Return the draft without a sign-in that nothing needs any more."""
    has_other_use = any(draft.text(key) is not None for key in _OTHER_USES)
    if has_other_use or needs_sign_in(draft):
        return draft
    return draft.answered(dict.fromkeys(_OF_SIGN_IN))
