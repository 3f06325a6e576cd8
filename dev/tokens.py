"""Access tokens of the Digible stand-in: real JWTs, signed with a key that is not secret."""

from datetime import UTC, datetime, timedelta

import jwt

LOCAL_KEY = "for local development only: this key is public and opens nothing"
_ALGORITHM = "HS256"


def local_token(valid_for: timedelta, subject: str = "local development") -> str:
    """Return a token that the stand-in accepts until it expires.

    With a negative time it has already expired.
    """
    now = datetime.now(UTC)
    claims = {"sub": subject, "iat": now, "exp": now + valid_for}
    return jwt.encode(claims, LOCAL_KEY, algorithm=_ALGORITHM)


def is_local_token(token: str) -> bool:
    """Return whether the token is a local one that has not expired."""
    try:
        jwt.decode(token, LOCAL_KEY, algorithms=[_ALGORITHM], options={"verify_iat": False})
    except jwt.InvalidTokenError:
        return False
    return True


def local_expiry(token: str) -> datetime | None:
    """Return when a local token expires or expired; return None for any other token."""
    try:
        claims = jwt.decode(
            token, LOCAL_KEY, algorithms=[_ALGORITHM], options={"verify_exp": False}
        )
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError):
        return None


def has_expired(token: str) -> bool:
    """Return whether the token is a JWT that has expired, whoever signed it."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return datetime.fromtimestamp(claims["exp"], UTC) <= datetime.now(UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return False
