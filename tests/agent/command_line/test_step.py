"""How fast a step goes and how long the rest takes, in words that fit beside a bar."""

import pytest

from agent.command_line.step import Pace, Step


def pace_of(*reached: tuple[float, int]) -> Pace:
    pace = Pace()
    for now, done in reached:
        pace.reach(done, now)
    return pace


def test_the_pace_is_what_was_done_in_the_time_it_took() -> None:
    pace = pace_of((10, 200), (20, 1_200))
    assert pace.per_second == 100
    assert pace.seconds_left(2_200) == 10
    assert pace.seconds_left(None) is None


@pytest.mark.parametrize("reached", [[], [(0, 5)], [(0, 5), (0.5, 9)], [(0, 5), (9, 5)]])
def test_nobody_guesses_from_too_little(reached: list[tuple[float, int]]) -> None:
    pace = pace_of(*reached)
    assert pace.per_second is None
    assert pace.seconds_left(100) is None


def test_only_the_last_half_minute_counts() -> None:
    slow_then_fast = [(float(second), second) for second in range(100)]
    slow_then_fast += [(float(100 + second), 100 + 10 * second) for second in range(31)]
    assert pace_of(*slow_then_fast).per_second == pytest.approx(10)


def test_a_step_that_stands_still_has_no_pace_after_a_while() -> None:
    pace = pace_of((0, 0), (10, 1_000), *((float(second), 1_000) for second in range(11, 60)))
    assert pace.per_second is None


def test_what_is_left_is_never_negative() -> None:
    assert pace_of((0, 0), (10, 100)).seconds_left(50) == 0


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0:00"), (59.6, "1:00"), (600, "10:00"), (3_700, "1:01:40")]
)
def test_the_time_left_is_read_like_a_clock(seconds: float, said: str) -> None:
    step = Step("Sending", "products")
    step.reach(0, 10_000_000, "", 0.0)
    step.reach(1_000, None, "", 100.0)
    step.total = 1_000 + round(seconds * 10)
    assert step.speed() == ["10/s", f"{said} left"]


def test_bytes_are_shown_in_larger_units_and_have_none_of_their_own() -> None:
    step = Step("Uploading", "B")
    step.reach(0, 4_000_000, "", 0.0)
    step.reach(1_500_000, None, "", 3.0)
    assert step.speed() == ["500 kB/s", "0:05 left"]
    assert step.with_unit(9_400) == "9 kB"
