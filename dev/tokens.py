"""Access tokens of the Digible stand-in: real JWTs, signed with a key that everybody knows."""

from datetime import UTC, datetime, timedelta

import jwt

LOCAL_KEY = "for local development only: this key is public and opens nothing"
_ALGORITHM = "HS256"


def local_token(valid_for: timedelta, subject: str = "local development") -> str:
    """Give a token the stand-in accepts until it expires (one that has, for a negative time)."""
    now = datetime.now(UTC)
    claims = {"sub": subject, "iat": now, "exp": now + valid_for}
    return jwt.encode(claims, LOCAL_KEY, algorithm=_ALGORITHM)


def is_local_token(token: str) -> bool:
    """Whether the token is one of ours, and has not expired."""
    try:
        jwt.decode(token, LOCAL_KEY, algorithms=[_ALGORITHM], options={"verify_iat": False})
    except jwt.InvalidTokenError:
        return False
    return True


def local_expiry(token: str) -> datetime | None:
    """When one of our tokens expires, or did; None for anybody else's."""
    try:
        claims = jwt.decode(
            token, LOCAL_KEY, algorithms=[_ALGORITHM], options={"verify_exp": False}
        )
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError):
        return None


def has_expired(token: str) -> bool:
    """Whether the token is a JWT whose time is over, whoever signed it."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return datetime.fromtimestamp(claims["exp"], UTC) <= datetime.now(UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return False
