"""Which settings file is read, and how one that can't be read is reported."""

from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.settings import file
from agent.settings.file import machine_wide_file, read_settings


@pytest.fixture(autouse=True)
def machine_wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the machine-wide file and the current folder in the test's folder; return the former."""
    place = tmp_path / "machine" / "shopmaster.toml"
    monkeypatch.setattr(file, "machine_wide_file", lambda _: place)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return place


def write(path: Path, store: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'store = "{store}"\n', encoding="utf-8")
    return path


def store(config: Path | None, environment: dict[str, str]) -> object:
    return read_settings(config, environment).entries["store"].value


def test_the_places_are_searched_in_order(tmp_path: Path, machine_wide: Path) -> None:
    write(Path("shopmaster.toml"), "current-folder")
    assert store(None, {}) == "current-folder"
    write(machine_wide, "machine-wide")
    assert store(None, {}) == "machine-wide"
    variable = {"SHOPMASTER_CONFIG": str(write(tmp_path / "v.toml", "variable"))}
    assert store(None, variable) == "variable"
    assert store(write(tmp_path / "o.toml", "option"), variable) == "option"


def test_the_environment_overrides_the_file(machine_wide: Path) -> None:
    write(machine_wide, "file")
    assert store(None, {"SHOPMASTER_STORE": "environment"}) == "environment"
    assert store(None, {"SHOPMASTER_STORE": ""}) == "file"


def test_a_key_in_a_table_is_named_with_two_underscores() -> None:
    entries = read_settings(None, {"SHOPMASTER_DATABASE__SERVER": "pc", "PATH": "x"}).entries
    assert [(key, entry.value) for key, entry in entries.items()] == [("database.server", "pc")]


@pytest.mark.parametrize(
    ("config", "environment", "asked"),
    [
        (Path("gone.toml"), {}, "--config"),
        (None, {"SHOPMASTER_CONFIG": "gone.toml"}, "$SHOPMASTER_CONFIG"),
    ],
    ids=["option", "variable"],
)
def test_naming_a_missing_file_is_an_error(
    config: Path | None, environment: dict[str, str], asked: str, machine_wide: Path
) -> None:
    write(machine_wide, "not-this-one")
    with pytest.raises(SettingsError, match=r"no settings file gone\.toml") as caught:
        read_settings(config, environment)
    assert asked in str(caught.value)


def test_a_file_that_cannot_be_read_is_an_error_and_is_not_skipped(machine_wide: Path) -> None:
    machine_wide.mkdir(parents=True)  # a folder in its place: no system can open that as a file
    write(Path("shopmaster.toml"), "current-folder")
    with pytest.raises(SettingsError, match="can't be read") as caught:
        read_settings(None, {})
    assert str(machine_wide) in str(caught.value)


def test_naming_a_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="because it is a folder") as caught:
        read_settings(tmp_path, {})
    assert str(tmp_path / "shopmaster.toml") in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('store = "1"\nserver = "localhost\\SQLEXPRESS"\n', ["line 2", r"'localhost\SQLEXPRESS'"]),
        ('sqlite = "C:\\Users\\me\\shop.db"\n', ["line 1, column", r"'C:\Users\me\shop.db'"]),
        ('x = 1\r\nsqlite = "C:\\unit\\x.db"\r\n', ["line 2", "single quotes"]),
        ('sqlite = "D:\\shop.db\\"', ["line 1", "single quotes"]),
        ("store = shop\n", ["line 1, column 9", "quotes"]),
        ('store = "1"\n[database\n', ["line 2"]),
        ('store = "1', ["line 1"]),
        ('store = "1"\nstore = "2"\n', ["Cannot overwrite a value"]),
    ],
    ids=[
        "backslash",
        "user's folder",
        "small u",
        "at the end",
        "no quotes",
        "unclosed bracket",
        "unclosed quote",
        "duplicate",
    ],
)
def test_a_syntax_error_names_its_line(text: str, words: list[str], machine_wide: Path) -> None:
    machine_wide.parent.mkdir()
    machine_wide.write_bytes(text.encode())
    with pytest.raises(SettingsError, match="can't be read") as caught:
        read_settings(None, {})
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


def test_notepads_byte_order_mark_and_line_endings_are_accepted(machine_wide: Path) -> None:
    machine_wide.parent.mkdir()
    machine_wide.write_bytes(b'\xef\xbb\xbfstore = "shop"\r\n[database]\r\ntable = "x"\r\n')
    assert store(None, {}) == "shop"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ('store = "1"'.encode("utf-16"), "UTF-16"),
        ('store = "1"'.encode("utf-16-le"), "UTF-16"),
        (b'store = "1"\ntable = "\xe9"\n', "line 2"),
    ],
    ids=["utf-16", "utf-16 without a mark", "cp1252"],
)
def test_a_wrong_encoding_is_explained(data: bytes, words: str, machine_wide: Path) -> None:
    machine_wide.parent.mkdir()
    machine_wide.write_bytes(data)
    with pytest.raises(SettingsError, match="UTF-8") as caught:
        read_settings(None, {})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("platform", "parts"),
    [
        ("win32", ("D:\\Data", "shopMaster", "shopmaster.toml")),
        ("linux", ("/etc", "shopmaster", "shopmaster.toml")),
        ("darwin", ("/Library", "Application Support", "shopMaster", "shopmaster.toml")),
    ],
)
def test_each_platform_has_its_machine_wide_file(platform: str, parts: tuple[str, ...]) -> None:
    assert machine_wide_file({"PROGRAMDATA": "D:\\Data"}, platform) == Path(*parts)
