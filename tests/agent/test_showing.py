"""Text from outside is shown on one line, harmless to a terminal, and not too long."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.showing import local_time, shown


@given(st.text(st.characters(), max_size=300))
def test_nothing_that_is_shown_controls_a_terminal_or_the_direction_of_writing(text: str) -> None:
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not {unicodedata.category(character) for character in shown(text)} & bad


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S"]), max_size=1_000))
def test_letters_of_all_scripts_stay(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("a\x1b[31;1mred\x1b[0m", "ared"),
        ("a\x9b2Jb", "ab"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;https://x.invalid\x1b\\link\x1b]8;;\x1b\\", "alink"),
        ("a\x1bcb", "ab"),
        ("a\x1b]0;never ends", "a0;never ends"),
        ("1\u202e2\u2066\u200b\ufeff3", "123"),
        ("a\r\n\tb\u2028c\x00d\x7fe", "a   b c d e"),
        ("half \ud83d", "half �"),
        ("Crème ☕ مرحبا 価格", "Crème ☕ مرحبا 価格"),
    ],
)
def test_what_is_harmful_is_taken_out(text: str, harmless: str) -> None:
    assert shown(text) == harmless


@pytest.mark.parametrize("text", ["x" * 11, "x" * 1_000_000, "\x1b[0m" * 1_000_000 + "x" * 11])
def test_a_long_text_is_cut(text: str) -> None:
    assert shown(text, 10) in {"x" * 9 + "…", "…"}
    assert shown("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("hours", [-12, 0, 12])
def test_a_moment_at_an_end_of_the_calendar_is_shown_too(year: int, hours: int) -> None:
    """A token may say that it holds for ever."""
    zone = timezone(timedelta(hours=hours))
    for moment in (datetime(year, 1, 1, tzinfo=zone), datetime(year, 12, 31, 23, 59, tzinfo=zone)):
        assert local_time(moment)[-3] == ":"


def test_a_moment_is_shown_by_this_computers_clock() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert local_time(noon) == f"{noon.astimezone():%Y-%m-%d %H:%M}"
    assert local_time(noon, "%H:%M") == f"{noon.astimezone():%H:%M}"
