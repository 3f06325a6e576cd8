"""What the owner reads when the Key Vault can't be used: what failed, why, and what to do."""

from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import HttpResponseError

from agent.connecting.obstacles import obstacle, unreachable
from agent.connecting.proxy import proxy_for
from agent.connecting.trouble import Goal, Trouble
from agent.errors import TokenStoreError

_SETTING = "key_vault.url in the settings"
_PASSING = {408, 429, 500, 502, 503, 504}
_NETWORK = ("ForbiddenByFirewall", "ForbiddenByConnection")


def explained(error: Exception, failure: str, vault_url: str, secret: str) -> TokenStoreError:
    """Return the error for the user; it quotes nothing of a request or an answer."""
    goal = Goal(f"the Key Vault {urlsplit(vault_url).netloc}", _SETTING)
    status = getattr(error, "status_code", None)
    if isinstance(error, HttpResponseError) and status is not None:
        trouble = _answered(error, status, goal, secret)
    else:
        trouble = _unanswered(error, goal)
    return TokenStoreError(f"{failure}: {trouble.cause}", trouble.remedy)


def _unanswered(error: Exception, goal: Goal) -> Trouble:
    said = f"{getattr(error, 'inner_exception', None)!r} {error}"
    proxy = proxy_for("https", urlsplit(f"//{goal.name.rpartition(' ')[2]}").hostname or "")
    if found := obstacle(said, goal, proxy):
        return found
    if isinstance(error, ValueError):  # its answer names another service to sign in to
        return Trouble(f"what answers is not {goal.name}.", f"Correct {_SETTING}.")
    return unreachable(said, goal, proxy)


def _answered(error: HttpResponseError, status: int, goal: Goal, secret: str) -> Trouble:
    said = f"{goal.name} refuses it, because"
    if status == 403 and any(code in _codes(error) for code in _NETWORK):
        return Trouble(
            f"{said} its network rules exclude this computer.", "Ask your operator to let it in."
        )
    if status == 403:
        return Trouble(
            f"{said} this computer lacks the right to the secret {secret}.",
            "Ask your operator to give it; a new right needs up to ten minutes.",
        )
    if status == 401:
        return Trouble(
            f"{said} it doesn't trust the tenant in which this computer signs in.",
            f"Correct {_SETTING}, or azure.tenant_id there.",
        )
    if status == 409:
        return Trouble(
            f"{goal.name} keeps a deleted secret {secret}, which is in the way.",
            "Ask your operator to add the store again, which recovers it.",
        )
    if status in _PASSING:
        return Trouble(f"{goal.name} is busy or in trouble (HTTP {status}).", "Try again later.")
    return Trouble(
        f"{goal.name} answers HTTP {status}.",
        "Try again; if that doesn't help, tell your operator.",
    )


def _codes(error: HttpResponseError) -> str:
    """Return the error codes of an answer, one in the other."""
    inner: Any = getattr(error, "error", None)
    return f"{getattr(inner, 'code', '')} {getattr(inner, 'innererror', '')}"
