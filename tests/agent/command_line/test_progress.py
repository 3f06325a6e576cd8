"""Progress on standard error: a few plain lines, or a bar on a terminal."""

import io

import pytest

from agent.command_line.progress import BarProgress, LineProgress, shown_on


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_any_other_stream_gets_lines() -> None:
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
    assert lines[1] == "Reading products: 4,200 rows (of 10,000 rows)"
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


def test_a_bar_is_removed_when_its_step_is_done() -> None:
    stream = Terminal()
    progress = BarProgress(stream)
    progress.reach(1)  # before any bar: nothing to show
    progress.begin("Sending to Digible", "products", lambda: None)
    progress.reach(200, 1_000)
    progress.say("It goes on at 14:05.")
    progress.reach(1_000, 1_000)
    progress.end()
    progress.close()
    text = stream.getvalue()
    assert "Sending to Digible" in text
    assert "It goes on at 14:05.\n" in text
    assert text.rstrip(" ").endswith("\r")


def test_an_interrupted_bar_is_removed() -> None:
    stream = Terminal()
    progress = BarProgress(stream)
    progress.begin("Reading products", "rows", lambda: 10)
    progress.begin("Uploading", "B", lambda: 10)
    progress.close()
    assert stream.getvalue().rstrip(" ").endswith("\r")
