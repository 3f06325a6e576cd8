"""The CSV of rejected products: a spreadsheet takes it as it is, and runs nothing of it."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import AgentError, SettingsError
from agent.rejections import HEADER, SEPARATOR, check_place, rejections_csv, write_rejections
from contract.product import Rejection, Stage

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def read(data: bytes) -> list[list[str]]:
    """Read the file as a spreadsheet does."""
    text = data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=SEPARATOR, strict=True))


def test_each_rejection_is_a_line_under_the_headings() -> None:
    data = rejections_csv(
        [
            Rejection("P1", 17, Stage.CATALOG, "SellPrice is missing"),
            Rejection(None, None, Stage.DIGIBLE, 'Unknown colour “crème”; "ask"\tus'),
        ]
    )
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    assert read(data) == [
        list(HEADER),
        ["17", "P1", "check before sending", "SellPrice is missing"],
        ["", "", "Digible", 'Unknown colour “crème”; "ask" us'],
    ]


@pytest.mark.parametrize("begin", [*FORMULAS, "\n", " =", "\x00=", "＝", "\u200b=", "\x1b[1m="])
def test_what_begins_like_a_formula_is_text(begin: str) -> None:
    formula = f"{begin}HYPERLINK(0)"
    for cell in read(rejections_csv([Rejection(formula, 1, Stage.DIGIBLE, formula)]))[1]:
        assert not cell.startswith((*FORMULAS, "＝"))


texts = st.text(st.characters())


@given(st.lists(st.builds(Rejection, texts, st.integers(1, 9), st.sampled_from(Stage), texts)))
def test_whatever_is_in_it_no_cell_is_a_formula_and_no_line_breaks(
    rejections: list[Rejection],
) -> None:
    rows = read(rejections_csv(rejections))
    assert len(rows) == 1 + len(rejections)
    for row in rows:
        assert len(row) == len(HEADER)
        assert not any(cell.startswith(FORMULAS) for cell in row)
        assert all(cell.isprintable() for cell in row)


def test_the_file_replaces_the_one_before_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "rejected.csv"
    file.write_text("older and longer " * 100)
    write_rejections(file, [])
    assert read(file.read_bytes()) == [list(HEADER)]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("place", [".", "missing/rejected.csv"])
def test_a_place_where_no_file_can_be_is_refused_before_anything_is_done(
    tmp_path: Path, place: str
) -> None:
    with pytest.raises(SettingsError, match="--rejections"):
        check_place(tmp_path / place)
    check_place(tmp_path / "rejected.csv")


def test_a_file_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="Close it") as raised:
        write_rejections(tmp_path / "gone" / "rejected.csv", [])
    assert str(tmp_path / "gone" / "rejected.csv") in raised.value.cause
