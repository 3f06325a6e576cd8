"""The stores' Digible tokens in Key Vault: whether one is there and until when, never its value."""

from dataclasses import dataclass
from datetime import datetime

from contract.blobs import StoreName
from infra.az import AzureCli
from infra.errors import AzError, AzProblem
from infra.installation import Installation, token_name
from infra.waiting import Clock, wait_for

_RECOVERY = 60.0
_LONG_AGO = "2000-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What may be known about a token."""

    enabled: bool
    expires_at: datetime | None


def token_facts(az: AzureCli, at: Installation, store: StoreName) -> TokenFacts | None:
    """Return what is known about a store's token, None if there is none; raises AzError."""
    try:
        # `secret show` would bring the value here as well.
        versions = az.resources("keyvault", "secret", "list-versions", *_secret(at, store)) or []
    except AzError as error:
        if error.problem is AzProblem.NOT_FOUND:
            return None
        raise
    attributes = [version["attributes"] for version in versions]
    if not attributes:
        return None
    newest = max(attributes, key=lambda one: datetime.fromisoformat(one["created"]))
    expires = newest.get("expires")
    return TokenFacts(
        bool(newest.get("enabled", True)), datetime.fromisoformat(expires) if expires else None
    )


def delete_token(az: AzureCli, at: Installation, store: StoreName) -> bool:
    """Delete a store's token; return False if there was none. Raises AzError.

    It is marked as expired first: whoever recovers it must not use it by mistake.
    """
    try:
        _expire(az, at, store)
        az.resources("keyvault", "secret", "delete", *_secret(at, store))
    except AzError as error:
        if error.problem is AzProblem.NOT_FOUND:
            return False
        raise
    return True


def recover_expired(az: AzureCli, at: Installation, store: StoreName, clock: Clock) -> bool:
    """Make a store's deleted token overwritable, so that its PC can set a new one; raises AzError.

    The vault keeps a deleted secret, and refuses a new one of its name. The recovered token must not
    be used: it may belong to another shop that had the store's name. So it is marked as expired, which
    the function obeys, also if it was deleted by hand. Returns False if there was no deleted token.
    """
    listed = az.resources("keyvault", "secret", "list-deleted", "--vault-name", at.vault) or []
    if not any(one["name"] == token_name(store) for one in listed):
        return False
    az.resources("keyvault", "secret", "recover", *_secret(at, store))

    def expire() -> bool | None:
        try:
            _expire(az, at, store)
        except AzError as error:
            if error.problem not in {AzProblem.NOT_FOUND, AzProblem.BUSY}:
                raise
            return None
        return True

    if wait_for(expire, clock, patience=_RECOVERY, pause=5) is None:
        raise AzError(
            AzProblem.BUSY,
            f"The deleted secret {token_name(store)} is being recovered, which takes its time. "
            "Run this again in a minute.",
        )
    return True


def _expire(az: AzureCli, at: Installation, store: StoreName) -> None:
    az.resources(
        *("keyvault", "secret", "set-attributes", *_secret(at, store)), "--expires", _LONG_AGO
    )


def _secret(at: Installation, store: StoreName) -> tuple[str, ...]:
    return ("--vault-name", at.vault, "--name", token_name(store))
