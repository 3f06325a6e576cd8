"""When a Digible token expires, as the token itself says."""

from datetime import UTC, datetime


def expiry_of(token: str) -> datetime | None:
    """Return the `exp` of a JWT, None if there is none or it is no JWT.

    Its signature is not verified: we are not the token's audience.
    """
    import jwt  # noqa: PLC0415  it brings cryptography, which `--help` doesn't wait for

    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, OverflowError, OSError):
        return None
