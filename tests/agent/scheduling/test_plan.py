"""When a schedule runs, and as whom."""

from collections import Counter
from datetime import time

import pytest

from agent.scheduling.plan import daily, hourly, parse_at, spread
from contract.blobs import StoreName
from tests.agent.scheduling.plans import SECRET, TILL

STORES = [StoreName(f"{number:04}") for number in range(1000)]


def test_a_store_has_the_same_second_of_the_hour_for_ever() -> None:
    """Not Python's own hash, which is another in each process."""
    assert spread(StoreName("0001")) == 787
    assert daily(time(2), StoreName("0001")).at == time(2, 13, 7)
    assert hourly(StoreName("0001")).minute == 13


def test_a_thousand_stores_are_spread_over_the_hour() -> None:
    minutes = Counter(spread(store) // 60 for store in STORES)
    assert len(minutes) == 60
    assert max(minutes.values()) < 40


def test_a_daily_run_begins_within_the_hour_after_its_time() -> None:
    for store in STORES:
        assert time(2) <= daily(time(2), store).at < time(3)


def test_a_run_may_begin_after_midnight() -> None:
    late = [daily(time(23, 30), store).at for store in STORES]
    assert all(at >= time(23, 30) or at < time(0, 30) for at in late)
    assert any(at < time(0, 30) for at in late)


@pytest.mark.parametrize(
    ("text", "at"), [("02:00", time(2)), ("2:05", time(2, 5)), ("23:59", time(23, 59))]
)
def test_a_time_of_day_is_read(text: str, at: time) -> None:
    assert parse_at(text) == at


@pytest.mark.parametrize("text", ["", "2", "24:00", "02:60", "2am", "02:00:00", "-1:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time of day such as 02:00"):
        parse_at(text)


def test_a_password_is_not_shown() -> None:
    assert SECRET not in repr(TILL)
