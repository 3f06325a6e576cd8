"""What the owner reads when this computer can't sign in to Azure: why, and what to do."""

import re
from collections.abc import Iterator
from typing import assert_never

from agent.connecting.obstacles import obstacle, unreachable
from agent.connecting.proxy import proxy_for
from agent.connecting.trouble import Goal, Trouble
from agent.errors import SignInError
from agent.sign_in.ways import Arc, Certificate, Developer, ManagedIdentity, SignIn

_CODE = re.compile(r"AADSTS[0-9]+")
_HOST = "login.microsoftonline.com"
_ENTRA = Goal("Azure's sign-in")
_SILENT = ("refused", "timed out", "timeout", "unreachable", "failed to establish", "reset")
_NO_LINE = (*_SILENT, "failed to resolve", "getaddrinfo", "name or service", "max retries")

_REFUSALS = (
    (
        ("AADSTS700024",),
        "this computer's clock is wrong.",
        "Set the clock.",
    ),
    (
        ("AADSTS700027", "expired"),
        "the certificate {path} has expired.",
        "Make a new one, and let your operator register it (`python -m infra.store add --help` shows how).",
    ),
    (
        ("AADSTS700027",),
        "the app registration doesn't trust the certificate {path}.",
        "Let your operator register its public part, or correct azure.certificate in the settings.",
    ),
    (
        ("AADSTS700016",),
        "the tenant has no app registration with that azure.client_id.",
        "Correct azure.client_id and azure.tenant_id in the settings: your operator has both.",
    ),
    (
        ("AADSTS90002",),
        "there is no tenant with that azure.tenant_id.",
        "Correct azure.tenant_id in the settings: your operator has it.",
    ),
    (
        ("AADSTS7000112",),
        "the app registration is disabled.",
        "Ask your operator.",
    ),
)
"""Why Azure's sign-in refuses a certificate, and what to do; the first of which all words occur counts."""


def explained(error: BaseException, way: SignIn) -> SignInError:
    """Return the error for the user; it contains no token, key or certificate."""
    errors = tuple(_chain(error))
    said = " ".join(f"{type(each).__name__}: {each}" for each in errors)
    match way:
        case Arc():
            trouble = _arc(errors, said)
        case ManagedIdentity(client_id):
            trouble = _managed_identity(said, client_id)
        case Certificate():
            trouble = _certificate(said, way)
        case Developer():
            trouble = _developer(said)
        case _:
            assert_never(way)
    return SignInError(trouble.cause, trouble.remedy, may_pass=trouble.may_pass)


def unusable(error: Exception, way: Certificate) -> SignInError:
    """Return the error for a certificate that can't even be tried."""
    if isinstance(error, OSError):
        is_denied = isinstance(error, PermissionError)
        return SignInError(
            f"the certificate {way.path} can't be read ({error.strerror or type(error).__name__}).",
            "Give the account that runs shopmaster the right to read it."
            if is_denied
            else "Correct azure.certificate in the settings.",
        )
    if "tenant" in str(error).lower():
        return SignInError(
            "azure.tenant_id is not the id of a tenant.",
            "Correct it in the settings: your operator has it.",
        )
    return SignInError(
        f"the file {way.path} is no RSA certificate with its private key, as PEM or PFX and "
        "without a password.",
        "Correct azure.certificate in the settings, or make a new one (your operator knows how).",
    )


def _arc(errors: tuple[BaseException, ...], said: str) -> Trouble:
    if any(isinstance(each, PermissionError) for each in errors):
        return Trouble(
            "the account that runs shopmaster may not use this computer's Azure Arc identity.",
            "Let an administrator add it to the group “Hybrid agent extension applications” (on Linux: "
            "himds), and sign that account out and in again.",
        )
    if _has(said, _SILENT):
        return Trouble(
            "the Azure Arc agent on this computer doesn't answer.",
            "Install and connect it, or start its service himds; `azcmagent show` says how it is. "
            "Without Azure Arc, choose another azure.sign_in in the settings.",
        )
    return Trouble(
        "the Azure Arc agent on this computer gives out no identity.",
        "Run `azcmagent check` as an administrator, and tell your operator what it says.",
    )


def _managed_identity(said: str, client_id: str | None) -> Trouble:
    if _has(said, _SILENT):
        return Trouble(
            "nothing on this computer gives out managed identities.",
            'Only machines in Azure have one: elsewhere set azure.sign_in to "arc" or "certificate".',
        )
    if client_id is not None:
        return Trouble(
            "this machine doesn't have the managed identity that azure.client_id names.",
            "Correct azure.client_id in the settings, or give the machine that identity.",
        )
    return Trouble(
        "this machine has no managed identity.",
        "Give it one in Azure, or set azure.client_id if it has one of its own choosing.",
    )


def _certificate(said: str, way: Certificate) -> Trouble:
    proxy = proxy_for("https", _HOST)
    if found := obstacle(said, _ENTRA, proxy):
        return found
    for words, why, to_do in _REFUSALS:
        if all(word in said for word in words):
            return Trouble(why.format(path=way.path), to_do)
    if _has(said, _NO_LINE):
        return unreachable(said, _ENTRA, proxy)
    if (code := _CODE.search(said)) is None:
        return Trouble(
            "what answers is not Azure's sign-in.",
            "Check whether a proxy or a Wi-Fi's sign-in page intercepts the connection.",
        )
    return Trouble(f"Azure refuses the certificate {way.path} ({code[0]}).", "Tell your operator.")


def _developer(said: str) -> Trouble:
    if "not found on path" in said.lower():
        return Trouble(
            "the command `az` isn't installed.",
            "Install the Azure CLI, or choose another azure.sign_in in the settings.",
        )
    return Trouble("nobody is signed in to `az`.", "Run `az login`.")


def _has(said: str, words: tuple[str, ...]) -> bool:
    return any(word in said.lower() for word in words)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it; Azure's libraries hide the cause behind their own errors."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = getattr(error, "inner_exception", None)
        error = error.__cause__ or error.__context__ or inner
