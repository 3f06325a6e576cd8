"""A catalogue in a local file: complete, or absent."""

import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from agent.catalog_file import check_name, is_packed, new_file
from agent.errors import AgentError, SettingsError


@pytest.mark.parametrize(
    ("name", "packed"),
    [("x.json", False), ("x.json.gz", True), ("X.JSON.GZ", True), ("a.b.json", False)],
)
def test_the_ending_of_the_name_decides_the_format(name: str, packed: bool) -> None:
    assert is_packed(Path(name)) is packed


@pytest.mark.parametrize("name", ["x", "x.csv", "x.gz", "x.jsonl", "json", "x.json.", "x.json "])
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


FORBIDDEN_ON_WINDOWS = [
    *("shop:x.json", "C:shop:x.json", r"C:\Shop\shop:x.json"),
    *("a?.json", "a*.json", 'a".json', "a|b.json", "<a>.json", "a\t.json"),
    *("nul.json", "CON.json.gz", r"C:\Shop\com1.json", "Lpt9 .json", "conin$.json", "NUL"),
]


@pytest.mark.parametrize("name", FORBIDDEN_ON_WINDOWS)
def test_a_stream_a_device_and_a_forbidden_character_are_refused_on_windows(name: str) -> None:
    path = PureWindowsPath(name)
    with pytest.raises(SettingsError, match="Windows can't have a file named") as caught:
        check_name(path, "win32")
    assert path.name in str(caught.value)


@pytest.mark.parametrize("name", FORBIDDEN_ON_WINDOWS)
def test_other_systems_allow_every_name(name: str) -> None:
    check_name(PurePosixPath(name), "linux")


@pytest.mark.parametrize(
    "name",
    ["x.json", "C:x.json", r"C:\Shop\x.json", r"\\?\C:\x.json", r"\\pc\shop\x.json", "null.json", "com10.json", "é ☕.json"],
)  # fmt: skip
def test_a_drive_and_names_like_a_devices_are_allowed_on_windows(name: str) -> None:
    check_name(PureWindowsPath(name), "win32")


@pytest.mark.skipif(sys.platform != "win32", reason="needs machine: Windows")
@pytest.mark.parametrize("name", ["shop:x.json", "nul.json", "a?.json"])
def test_a_name_that_windows_forbids_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError), new_file(tmp_path / name):
        pytest.fail("the products would be read")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "win32", reason="needs machine: Windows")
def test_a_path_relative_to_a_drives_current_folder_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with new_file(Path(f"{tmp_path.drive}x.json")) as file:
        file.write(b"[]")
    assert (tmp_path / "x.json").read_bytes() == b"[]"
