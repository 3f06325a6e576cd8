"""What is said of a login: until when it holds."""

import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from agent.command_line.login_shown import login_sentence
from agent.digible import LoggedIn
from tests.agent.shops import NOW


def test_a_token_for_ever_is_described_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")  # where that moment is in the year 10000
    if sys.platform != "win32":
        time.tzset()
    try:
        found = LoggedIn("abc", datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "")
        assert "until 9999-12-31 23:59" in login_sentence(found, "there", datetime.now(UTC))
    finally:
        monkeypatch.undo()
        if sys.platform != "win32":
            time.tzset()


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=9, hours=5), "holds until 2026-12-02 17:00 (9 days)"),
        (timedelta(days=1), "(1 day)"),
        (timedelta(hours=2), "(2 hours)"),
        (timedelta(minutes=5), "(less than an hour)"),
        (timedelta(minutes=-5), "has already expired, on 2026-11-23 11:55. Check this computer's"),
        (None, "when it expires is not known"),
    ],
)
def test_until_when_a_login_holds_is_said(left: timedelta | None, words: str) -> None:
    expires_on = None if left is None else (NOW + left).astimezone(UTC)
    said = login_sentence(LoggedIn("s3cret", expires_on, ""), "there", NOW)
    assert "s3cret" not in said
    if expires_on is not None:  # by this computer's clock, wherever that is
        moment = f"{expires_on:%Y-%m-%d %H:%M}"
        words = words.replace(moment, f"{expires_on.astimezone():%Y-%m-%d %H:%M}")
    assert words in said
