"""What a command says, on a terminal and elsewhere."""

import io

import pytest

from agent.saying import say

PROSE = (
    "Check that this computer is on, and that `shopmaster check --json` finds the SQL Server there."
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(text: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = Terminal()
    say(text, to=terminal)
    return terminal.getvalue().removesuffix("\n").split("\n")


def test_a_file_or_a_pipe_gets_each_line_whole() -> None:
    file = io.StringIO()
    say(PROSE * 3, "", "second", to=file)
    assert file.getvalue() == f"{PROSE * 3}\n\nsecond\n"


@pytest.mark.parametrize("columns", [30, 80, 200])
def test_lines_end_between_words_and_never_later_than_the_eightieth_column(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = shown(PROSE * 3, columns, monkeypatch)
    assert max(map(len, lines)) <= min(columns, 80)
    assert " ".join(lines) == PROSE * 3


def test_a_command_stays_whole_so_that_it_can_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "`shopmaster check --json`" in " / ".join(shown(PROSE, 60, monkeypatch))
    follow = "shopmaster status 20261123T020000Z-5e6f7a8b --follow"
    assert shown(f"To see how it goes on: {follow}", 60, monkeypatch)[-1] == follow


def test_what_is_too_long_for_a_line_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/a/very/long/path" * 9
    assert path in shown(f"It is in {path} now.", 80, monkeypatch)


def test_what_is_indented_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    table = "  read      1,000\n  accepted    997"
    assert shown(table, 80, monkeypatch) == table.split("\n")
    lines = shown("- one two three four\n  five six seven eight", 12, monkeypatch)
    assert lines == ["- one two", "  three four", "  five six", "    seven", "    eight"]
