"""A catalogue in a local file: complete, or absent."""

from pathlib import Path

import pytest

from agent.catalog_file import is_packed, new_file
from agent.errors import AgentError, SettingsError


@pytest.mark.parametrize(
    ("name", "packed"),
    [("x.json", False), ("x.json.gz", True), ("X.JSON.GZ", True), ("a.b.json", False)],
)
def test_the_ending_of_the_name_decides_the_format(name: str, packed: bool) -> None:
    assert is_packed(Path(name)) is packed


@pytest.mark.parametrize("name", ["x", "x.csv", "x.gz", "x.jsonl", "json"])
def test_any_other_ending_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=r"\.json or \.json\.gz"):
        is_packed(Path(name))


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"old")
    with new_file(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("error", "raised_as"),
    [(ValueError, ValueError), (KeyboardInterrupt, KeyboardInterrupt), (OSError, AgentError)],
)
def test_an_unfinished_file_leaves_nothing_behind(
    tmp_path: Path, error: type[BaseException], raised_as: type[BaseException]
) -> None:
    def write_half() -> None:
        with new_file(tmp_path / "x.json") as file:
            file.write(b"half")
            raise error

    with pytest.raises(raised_as):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "gone" / "x.json"
    with pytest.raises(AgentError, match="can't be written") as caught, new_file(missing):
        pass
    assert str(missing) in str(caught.value)
