"""A file is replaced whole or not at all, and keeps who may read it."""

import os
import stat
from pathlib import Path

import pytest

from agent.replacing import replace_file

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs machine: file modes")


def only_file_in(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_a_new_file_is_written(tmp_path: Path) -> None:
    replace_file(tmp_path / "a", b"new")
    assert only_file_in(tmp_path).read_bytes() == b"new"


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"an older and longer text")
    replace_file(file, b"new")
    assert only_file_in(tmp_path).read_bytes() == b"new"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    file, link = tmp_path / "real" / "a", tmp_path / "link"
    file.write_bytes(b"old")
    try:
        link.symlink_to(file)
    except OSError:
        pytest.skip("needs machine: one where this account may make links")
    if not link.is_symlink():
        pytest.skip("needs machine: one with links")  # Wine makes none, without a word
    replace_file(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


@POSIX
def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    replace_file(tmp_path / "a", b"secret")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


@POSIX
def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"old")
    file.chmod(0o640)
    replace_file(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize("trouble", [OSError("the disk is full"), KeyboardInterrupt()])
def test_the_old_file_stays_if_the_new_one_fails(tmp_path: Path, trouble: BaseException) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"old")

    def fail(new: Path) -> None:
        assert new.read_bytes() == b""  # nothing is in it before it is prepared
        raise trouble

    with pytest.raises(type(trouble)):
        replace_file(file, b"new", fail)
    assert only_file_in(tmp_path).read_bytes() == b"old"
