"""Whether a stored Digible token has expired: a pure decision."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import jwt

LEEWAY = timedelta(seconds=60)
"""How far our clock and Digible's may differ."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A store's token; its value never appears in a repr."""

    value: str = field(repr=False)
    expires_on: datetime | None = None
    """The expiry date in the token store, if it has one."""


def expiry(token: StoredToken) -> datetime | None:
    """Return when `token` expires, or None if neither the token nor its store says so."""
    moments = (token.expires_on, _jwt_expiry(token.value))
    return min((moment for moment in moments if moment is not None), default=None)


def is_expired(token: StoredToken, now: datetime) -> bool:
    """Return whether `token` has expired; one without an expiry date has not, and Digible decides."""
    moment = expiry(token)
    # Not `moment + LEEWAY`: a token that never expires may have the calendar's last second.
    return moment is not None and moment <= now - LEEWAY


def _jwt_expiry(value: str) -> datetime | None:
    """Return the `exp` of a JWT. Its signature is not verified: we are not the token's audience."""
    try:
        expiry = jwt.decode(value, options={"verify_signature": False}).get("exp")
        return None if expiry is None else datetime.fromtimestamp(int(expiry), UTC)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):
        return None
