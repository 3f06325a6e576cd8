"""Progress on standard error: a few plain lines, or a bar on a terminal."""

import io
import re

import pytest
from rich.console import Console

from agent.command_line.progress import BarProgress, LineProgress, shown_on


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_any_other_stream_gets_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(shown_on(Terminal(), plain=False), BarProgress)
    assert isinstance(shown_on(io.StringIO(), plain=False), LineProgress)
    assert isinstance(shown_on(Terminal(), plain=True), LineProgress)


def test_only_a_few_lines_are_printed() -> None:
    now, stream = [0.0], io.StringIO()
    progress = LineProgress(stream, lambda: now[0])
    progress.begin("Reading products", "rows", lambda: 10_000)
    for done in range(0, 10_000, 100):
        now[0] += 0.7
        progress.reach(done, 10_000)
    progress.say("A sentence.")
    progress.end()
    progress.close()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Reading products …"
    assert lines[1] == "Reading products: 4,200 rows (of 10,000 rows), 143/s, 0:41 left"
    assert lines[-2:] == ["A sentence.", "Reading products: 9,900 rows"]
    assert len(lines) == 5


@pytest.mark.parametrize(("size", "shown"), [(9_400, "9 kB"), (4_600_000, "4.6 MB")])
def test_bytes_are_shown_in_larger_units(size: int, shown: str) -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, lambda: 0.0)
    progress.begin("Uploading", "B", lambda: size)
    progress.reach(size)
    progress.end()
    assert stream.getvalue().splitlines()[-1] == f"Uploading: {shown}"


def test_a_line_says_how_fast_it_goes_and_how_long_the_rest_takes() -> None:
    now, stream = [0.0], io.StringIO()
    progress = LineProgress(stream, lambda: now[0])
    progress.begin("Sending to Digible", "products", lambda: None)
    for batch in range(31):
        now[0] += 1
        progress.reach(200 * batch, 10_000, f"batch {batch} of 50")
    assert stream.getvalue().splitlines()[-1] == (
        "Sending to Digible: 5,800 products (of 10,000 products), batch 29 of 50, 200/s, 0:21 left"
    )


def bar_on(stream: Terminal, width: int = 80) -> tuple[BarProgress, list[float]]:
    """Return a bar on a terminal of that width, and its clock."""
    now = [0.0]
    console = Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
    return BarProgress(console, lambda: now[0]), now


def visible(stream: Terminal) -> list[str]:
    """Return what was drawn, line by line, without colours and movements of the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).replace("\r", "\n").splitlines()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_bar_fits_its_terminal_and_says_the_same(width: int) -> None:
    stream = Terminal()
    progress, now = bar_on(stream, width)
    progress.begin("Sending to Digible", "products", lambda: None)
    for batch in range(1, 31):
        now[0] += 1
        progress.reach(200 * batch, 10_000, f"batch {batch} of 50")
    progress.close()
    lines = visible(stream)
    assert max(map(len, lines)) <= width
    if width >= 80:
        assert any("6,000 of 10,000 · batch 30 of 50 · 200/s · 0:20 left" in line for line in lines)


def test_a_bar_that_is_told_a_thousand_times_a_second_is_drawn_ten_times() -> None:
    stream = Terminal()
    progress, now = bar_on(stream)
    progress.begin("Reading products", "rows", lambda: 1_000)
    drawn = len(stream.getvalue())
    for row in range(1, 1_000):
        now[0] += 0.001
        progress.reach(row)
    progress.close()
    assert len([line for line in visible(stream) if "of 1,000" in line]) <= 11
    assert len(stream.getvalue()) > drawn


def test_a_bar_is_removed_when_its_step_is_done() -> None:
    stream = Terminal()
    progress, _ = bar_on(stream)
    progress.reach(1)  # before any bar: nothing to show
    progress.begin("Sending to Digible", "products", lambda: None)
    progress.reach(200, 1_000)
    progress.say("[red]It[/red] goes on at 14:05.")
    progress.reach(1_000, 1_000)
    progress.end()
    progress.close()
    assert "Sending to Digible" in stream.getvalue()
    assert any(line.strip() == "[red]It[/red] goes on at 14:05." for line in visible(stream))
    assert is_left_clean(stream)


def test_an_interrupted_bar_is_removed() -> None:
    stream = Terminal()
    progress, _ = bar_on(stream)
    progress.begin("Reading products", "rows", lambda: 10)
    progress.begin("Uploading", "B", lambda: 10)
    progress.close()
    assert is_left_clean(stream)


def is_left_clean(stream: Terminal) -> bool:
    """Return whether the last thing that was written erases the bar's line and shows the cursor."""
    return stream.getvalue().endswith("\x1b[2K") and "\x1b[?25h" in stream.getvalue()


def test_a_terminal_that_knows_no_cursor_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(shown_on(Terminal(), plain=False), LineProgress)


def test_no_color_leaves_the_bar_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    def colours() -> list[str]:
        stream = Terminal()
        progress = shown_on(stream, plain=False)
        progress.begin("Reading products", "rows", lambda: 10)
        progress.reach(5)
        progress.close()
        return re.findall(r"\x1b\[[1-9][0-9;]*m", stream.getvalue())

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert colours()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours()
