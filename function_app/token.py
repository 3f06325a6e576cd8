"""Whether a stored Digible token is still good: a pure decision."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import jwt

LEEWAY = timedelta(seconds=60)
"""How far our clock and Digible's may differ (spec, section 1)."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A store's token as it was kept; its value never shows in a repr."""

    value: str = field(repr=False)
    expires_on: datetime | None = None
    """The token store's own expiry date of it, if it has one."""


def is_expired(token: StoredToken, now: datetime) -> bool:
    """Tell whether `token` is past its expiry; one that names none is not: Digible decides then."""
    moments = (token.expires_on, _jwt_expiry(token.value))
    # Not `moment + LEEWAY`: a token for ever may name the calendar's last second.
    return any(moment is not None and moment <= now - LEEWAY for moment in moments)


def _jwt_expiry(value: str) -> datetime | None:
    """Give the `exp` of a JWT. The signature is not verified: we are not the token's audience."""
    try:
        expiry = jwt.decode(value, options={"verify_signature": False}).get("exp")
        return None if expiry is None else datetime.fromtimestamp(int(expiry), UTC)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):
        return None
