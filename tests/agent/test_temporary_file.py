"""A catalogue waits for its upload in memory or in the temporary folder, which may be full."""

import errno
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from agent.errors import AgentError
from agent.temporary_file import temporary_file


class Full:
    """A file whose folder takes no more, which shows only when what is buffered is written."""

    def __init__(self, code: int) -> None:
        self._code = code

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None:
        raise OSError(self._code, "in the system's words")

    close = flush


def place(monkeypatch: pytest.MonkeyPatch, folder: Callable[[], str], code: int) -> None:
    """Let temporary files be in a folder that fails; pytest keeps its own."""
    fake = SimpleNamespace(gettempdir=folder, SpooledTemporaryFile=lambda _: Full(code))
    monkeypatch.setattr("agent.temporary_file.tempfile", fake)


def fill(file: IO[bytes]) -> int:
    return file.write(b"catalogue")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "it is full"),
        (errno.EROFS, "it is read-only"),
        (errno.EACCES, "this account may not write there"),
        (errno.EIO, "in the system's words"),
    ],
)
def test_a_folder_that_cannot_be_written_to_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, words: str
) -> None:
    place(monkeypatch, lambda: str(tmp_path), code)
    with pytest.raises(AgentError, match="TMPDIR") as caught, temporary_file(fill):
        pass
    assert f"{tmp_path}, can't be written to: {words}." in str(caught.value)


def test_it_is_said_if_there_is_no_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_folder() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    place(monkeypatch, no_folder, errno.ENOENT)
    with pytest.raises(AgentError, match="No folder for temporary files"), temporary_file(fill):
        pass


def test_only_a_large_catalogue_needs_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with temporary_file(fill) as (file, written):
        assert (file.tell(), written) == (9, 9)
    large = temporary_file(lambda file: file.write(bytes(9 << 20)))
    with pytest.raises(AgentError, match="gone, can't be written to"), large:
        pass


def test_trouble_during_the_upload_is_not_taken_for_the_folders() -> None:
    error = OSError("the line broke")
    with pytest.raises(OSError, match="the line broke"), temporary_file(fill):
        raise error
