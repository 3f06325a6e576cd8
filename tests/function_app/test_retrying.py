"""How long to wait before the next try, and when to give up."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_app.retrying import RetryPolicy, delay, retry_after_seconds

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = RetryPolicy(attempts=8, total=75, first=0.5, longest=15)
jitters = st.floats(0, 1)


def test_waits_double_up_to_the_longest() -> None:
    waits = [POLICY.wait(attempt, 0, None, jitter=1) for attempt in range(1, 8)]
    assert waits == [0.5, 1, 2, 4, 8, 15, 15]


@given(st.integers(1, 7), jitters)
def test_half_of_a_wait_is_random(attempt: int, jitter: float) -> None:
    longest = POLICY.wait(attempt, 0, None, jitter=1)
    shortest = POLICY.wait(attempt, 0, None, jitter=0)
    wait = POLICY.wait(attempt, 0, None, jitter)
    assert None not in (shortest, wait, longest)
    assert shortest == longest / 2  # type: ignore[operator]  # none of them is None
    assert shortest <= wait <= longest  # type: ignore[operator]


def test_the_last_attempt_is_not_followed_by_a_wait() -> None:
    assert POLICY.wait(8, 0, None, 0.5) is None
    assert POLICY.wait(9, 0, None, 0.5) is None


def test_no_wait_exceeds_the_total_time() -> None:
    assert POLICY.wait(1, 74.5, None, jitter=1) == 0.5
    assert POLICY.wait(1, 74.6, None, jitter=1) is None


@given(
    st.lists(st.tuples(jitters, st.none() | st.floats(0, 90_000), st.floats(0, 40)), max_size=30)
)
def test_attempts_and_total_time_are_bounded_whatever_the_server_asks_for(
    tries: list[tuple[float, float | None, float]],
) -> None:
    attempt, elapsed = 1, 0.0
    for jitter, retry_after, duration in tries:
        elapsed += duration
        wait = POLICY.wait(attempt, elapsed, retry_after, jitter)
        if wait is None:
            break
        attempt, elapsed = attempt + 1, elapsed + wait
        assert elapsed <= POLICY.total
    assert attempt <= POLICY.attempts


def test_retry_after_is_honoured() -> None:
    assert POLICY.wait(1, 0, 20, jitter=1) == 20


def test_a_short_retry_after_does_not_shorten_the_back_off() -> None:
    assert POLICY.wait(4, 0, 1, jitter=1) == 4


def test_a_retry_after_beyond_the_total_time_is_not_waited_for() -> None:
    assert POLICY.wait(1, 0, 76, jitter=0) is None


@pytest.mark.parametrize(
    ("retries", "minutes"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (6, 30), (10**9, 30)]
)
def test_a_run_comes_back_after_1_2_4_8_16_and_then_30_minutes(retries: int, minutes: int) -> None:
    assert delay(retries, None) == timedelta(minutes=minutes)


def test_a_run_comes_back_no_earlier_than_the_server_asks_for() -> None:
    assert delay(0, 150) == timedelta(seconds=150)
    assert delay(3, 150) == timedelta(minutes=8)


def test_a_run_never_waits_longer_than_half_an_hour() -> None:
    assert delay(0, 86_400) == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("000000000120", 120),
        ("90000", 86_400),
        ("9" * 5_000, 86_400),
        (format_datetime(NOW + timedelta(minutes=3), usegmt=True), 180),
        (format_datetime(NOW - timedelta(minutes=3), usegmt=True), 0),
        (format_datetime(NOW + timedelta(days=300), usegmt=True), 86_400),
        ("Monday, 23-Nov-26 12:03:00 GMT", 180),
        ("Mon Nov 23 12:03:00 2026", 180),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(header: str, seconds: float) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@pytest.mark.parametrize(
    "header",
    [
        None,
        *("", " ", "soon", "-5", "1.5", "1e3", "٣", "²", "0x10", "12:00"),
        "Mon, 23 Nov 99999999999999999999 12:00:00 GMT",
        "Mon, 23 Nov 2026 12:00:00 +99999999999999999999",
        "Mon, 99 Nov 2026 12:00:00 GMT",
    ],
)
def test_an_invalid_retry_after_is_ignored(header: str | None) -> None:
    assert retry_after_seconds(header, NOW) is None


@given(st.text() | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [+-]?\w+"))
def test_any_retry_after_is_harmless(header: str) -> None:
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or 0 <= seconds <= 86_400
