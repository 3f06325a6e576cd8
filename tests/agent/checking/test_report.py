"""What `check` prints about its rows, and its exit code."""

from datetime import UTC, datetime

import pytest

from agent.checking.report import PLAIN, PRETTY, as_json, described, exit_code, signs_for, summary
from agent.checking.row import Mark, Row, Subject

OK = Row(Subject.DRIVER, Mark.OK, "ODBC Driver 18 for SQL Server")
WARNED = Row(Subject.PRODUCTS, Mark.WARNING, "5 products: 2 can't be sent.", "Correct them.")
FAILED = Row(
    Subject.LOGIN,
    Mark.FAILED,
    r"localhost\SQLEXPRESS refuses the login of the user “till”.",
    "Check the user name and the password, and that this user may log in to SQL Server.",
)
UNKNOWN = Row(Subject.TABLE, Mark.NOT_CHECKED, "not checked, because the login is refused")
NO_SETTINGS = Row(Subject.SETTINGS, Mark.FAILED, "There are none.", "Make some.")


def test_a_row_is_a_mark_a_title_the_cause_and_below_it_the_remedy() -> None:
    assert described(FAILED, PRETTY).splitlines() == [
        r"✗ Login             localhost\SQLEXPRESS refuses the login of the user “till”.",
        "                    → Check the user name and the password, and that this user",
        "                      may log in to SQL Server.",
    ]


def test_a_row_has_80_columns_but_paths_stay_whole() -> None:
    path = "/" + "long-name/" * 9
    lines = described(Row(Subject.SETTINGS, Mark.OK, f"{path} " + "word " * 40), PRETTY).split("\n")
    assert path in lines[0]
    assert all(len(line) <= 80 for line in lines if path not in line)


def test_a_command_stays_on_one_line_so_that_it_can_be_copied() -> None:
    command = f"`icacls C:\\shop.toml {'*S-1-5-18:F ' * 8}/x`"
    row = Row(Subject.SETTINGS, Mark.WARNING, "Others may read it.", f"Run {command} as somebody.")
    lines = [line.strip() for line in described(row, PRETTY).split("\n")]
    assert command in lines
    assert lines[-1] == "as somebody."


def test_each_problem_of_the_settings_stays_on_its_own_line() -> None:
    row = Row(Subject.SETTINGS, Mark.FAILED, "2 settings are wrong:\n- a\n- b", "Correct them.")
    assert [line.strip() for line in described(row, PRETTY).split("\n")][1:] == [
        *("- a", "- b", "→ Correct them."),
    ]


@pytest.mark.parametrize(
    ("encoding", "signs"),
    [("utf-8", PRETTY), ("cp1252", PLAIN), ("ascii", PLAIN), (None, PLAIN), ("no-such", PLAIN)],
)
def test_marks_are_ones_that_the_console_has(encoding: str | None, signs: object) -> None:
    assert signs_for(encoding) is signs


def test_no_two_marks_look_alike() -> None:
    for signs in (PRETTY, PLAIN):
        assert len(set(signs.marks.values())) == len(Mark)


@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        ([OK], 0, "Everything works."),
        ([OK, WARNED], 0, "Products can be uploaded. 1 thing is worth a look."),
        ([OK, UNKNOWN], 0, "Everything works."),
        (
            [OK, WARNED, FAILED, UNKNOWN],
            1,
            "1 thing needs to be put right. 1 thing was not checked.",
        ),
        ([FAILED, FAILED], 1, "2 things need to be put right."),
        ([NO_SETTINGS, UNKNOWN], 2, "1 thing needs to be put right. 1 thing was not checked."),
    ],
)
def test_only_failures_count(rows: list[Row], code: int, words: str) -> None:
    assert exit_code(rows) == code
    assert summary(rows) == words


def test_the_document_has_the_rows_in_their_order() -> None:
    now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    assert as_json([OK, FAILED], "1.2.3", None, now) == {
        "version": 1,
        "shopmaster": "1.2.3",
        "checked_at": "2026-11-25T12:00:00.000Z",
        "store": None,
        "exit_code": 1,
        "rows": [
            {
                "key": "driver",
                "title": "ODBC driver",
                "mark": "ok",
                "finding": OK.finding,
                "remedy": None,
            },
            {
                "key": "login",
                "title": "Login",
                "mark": "failed",
                "finding": FAILED.finding,
                "remedy": FAILED.remedy,
            },
        ],
    }
