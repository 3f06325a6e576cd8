"""The folders that an upload writes to."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from agent.checking.folders import state_folder_rows, temporary_folder_rows
from agent.checking.row import Mark

needs_modes = pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="needs machine: one where a folder's mode binds this user",
)


def test_a_temporary_folder_that_takes_a_catalogue_is_good_and_stays_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (row,) = temporary_folder_rows()
    assert (row.mark, row.finding) == (Mark.OK, str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_that_does_not_exist_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    (row,) = temporary_folder_rows()
    assert row.mark is Mark.FAILED
    assert "TMPDIR" in row.remedy


def test_a_state_folder_is_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    (row,) = state_folder_rows(folder)
    assert (row.mark, row.finding) == (Mark.OK, str(folder))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_in_a_state_folder(tmp_path: Path) -> None:
    (row,) = state_folder_rows(tmp_path)
    assert row.mark is Mark.OK
    assert list(tmp_path.iterdir()) == []


@needs_modes
@pytest.mark.parametrize("name", ["", "new"])
def test_a_state_folder_that_takes_nothing_fails(tmp_path: Path, name: str) -> None:
    tmp_path.chmod(0o500)
    (row,) = state_folder_rows(tmp_path / name)
    tmp_path.chmod(0o700)
    assert row.mark is Mark.FAILED
    assert "`state_folder` in the settings" in row.remedy


def test_a_file_in_the_place_of_the_state_folder_fails(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    (row,) = state_folder_rows(file)
    assert row.mark is Mark.FAILED
