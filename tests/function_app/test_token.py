"""Whether a stored token is still valid."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_app.token import StoredToken, is_expired

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
THE_END = 253_402_300_799  # the last second of the year 9999


def token(**claims: object) -> StoredToken:
    return StoredToken(jwt.encode(claims, "nobody here knows this key, and none is needed"))


def in_seconds(seconds: float) -> int:
    return int((NOW + timedelta(seconds=seconds)).timestamp())


def test_a_token_past_its_expiry_has_expired() -> None:
    assert is_expired(token(exp=in_seconds(-3_600)), NOW)


def test_a_token_before_its_expiry_has_not_expired() -> None:
    assert not is_expired(token(exp=in_seconds(3_600)), NOW)


@pytest.mark.parametrize(("seconds", "expired"), [(-59, False), (-60, True), (-61, True)])
def test_an_expiry_has_a_minute_of_leeway(seconds: int, expired: bool) -> None:
    assert is_expired(token(exp=in_seconds(seconds)), NOW) is expired
    stored = StoredToken("opaque", NOW + timedelta(seconds=seconds))
    assert is_expired(stored, NOW) is expired


def test_a_token_without_an_expiry_is_left_to_digible() -> None:
    assert not is_expired(token(sub="shop"), NOW)


def test_a_token_that_is_not_a_jwt_is_left_to_digible() -> None:
    assert not is_expired(StoredToken("opaque"), NOW)


@pytest.mark.parametrize(
    "exp", ["tomorrow", "", None, [], {}, 1e300, -1e300, 10**400, THE_END + 1, -(10**13)]
)
def test_an_expiry_that_is_not_a_time_is_left_to_digible(exp: object) -> None:
    assert not is_expired(unsigned(exp), NOW)


def test_a_token_that_never_expires_has_not_expired() -> None:
    assert not is_expired(token(exp=THE_END), NOW)
    assert not is_expired(StoredToken("opaque", datetime.max.replace(tzinfo=UTC)), NOW)


@pytest.mark.parametrize("seconds", [-3_600, 3_600])
def test_the_signature_is_not_checked(seconds: int) -> None:
    value = token(exp=in_seconds(seconds)).value.rpartition(".")[0] + ".Zm9yZ2Vk"
    assert is_expired(StoredToken(value), NOW) is (seconds < 0)


def test_the_expiry_in_the_token_store_counts_too() -> None:
    value = token(exp=in_seconds(3_600)).value
    assert is_expired(StoredToken(value, NOW - timedelta(hours=1)), NOW)
    assert not is_expired(StoredToken(value, NOW + timedelta(hours=1)), NOW)


@given(st.text() | st.from_regex(r"[\w-]+\.[\w-]+\.[\w-]*"))
def test_any_text_is_harmless(value: str) -> None:
    assert not is_expired(StoredToken(value), NOW)


def test_a_token_is_not_shown() -> None:
    assert "s3cret" not in repr(StoredToken("s3cret", NOW))


def unsigned(exp: object) -> StoredToken:
    """Return a token as another library might make it: PyJWT refuses such claims."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"exp": exp})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return StoredToken(".".join(part.rstrip("=") for part in encoded) + ".c2lnbmVk")
