"""When a token expires, as it says itself."""

from datetime import UTC, datetime

import jwt
import pytest

from agent.token_expiry import expiry_of

KEY = "a key that nobody needs to know, long enough for HS256"


def test_the_expiry_is_read_whoever_signed_the_token() -> None:
    token = jwt.encode({"exp": 1_900_000_000}, KEY, algorithm="HS256")
    assert expiry_of(token) == datetime.fromtimestamp(1_900_000_000, UTC)


@pytest.mark.parametrize(
    "token",
    ["", "abc", "a.b.c", jwt.encode({}, KEY), jwt.encode({"exp": 10**30}, KEY)],
)
def test_a_token_that_does_not_say_has_none(token: str) -> None:
    assert expiry_of(token) is None
