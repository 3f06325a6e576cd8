"""The settings of several sources, the later over the earlier."""

from pathlib import Path

import pytest

from agent.configuring.draft import PASSWORD, Draft, located
from agent.configuring.sources import first_draft, passed_over
from agent.errors import SettingsError
from agent.settings.file import Entry

FILE = Path("shopmaster.toml")


def entries(**values: object) -> dict[str, Entry]:
    keys = {name.replace("__", "."): value for name, value in values.items()}
    return {key: Entry(value, key, in_environment=False) for key, value in keys.items()}


def values(draft: Draft) -> dict[str, object]:
    return {key: entry.value for key, entry in draft.entries.items()}


def test_a_later_source_counts() -> None:
    draft = Draft(entries(store="0001", database__server="a"), FILE)
    assert values(draft.over(entries(database__server="b"))) == {
        "store": "0001",
        "database.server": "b",
    }


def test_an_alternative_replaces_the_other_whole() -> None:
    before = entries(database__sqlite="shop.db", database__table="T", storage__account_url="u")
    draft = Draft(before, FILE).over(entries(database__server="s", storage__connection_string="c"))
    assert values(draft) == {
        "database.table": "T",
        "database.server": "s",
        "storage.connection_string": "c",
    }


def test_an_answer_of_none_takes_a_setting_away() -> None:
    draft = Draft(entries(database__server="s", database__username="till"), FILE)
    assert values(draft.answered({"database.username": None})) == {"database.server": "s"}


def test_the_password_is_never_written() -> None:
    draft = Draft({}, FILE).answered({"store": "0001", PASSWORD: "Hush"})
    assert draft.to_write == {"store": "0001"}
    assert draft.entries[PASSWORD].in_environment  # so that the settings accept it


def test_a_number_from_the_environment_is_written_as_one() -> None:
    def written(value: str) -> object:
        key = "upload.change_limit_percent"
        return Draft({key: Entry(value, "X", in_environment=True)}, FILE).to_write[key]

    assert repr(written("30")) == "30"
    assert written("12.5") == 12.5
    assert written("many") == "many"


def test_a_path_from_elsewhere_stays_the_same_file() -> None:
    found = located(entries(database__sqlite="shop.db", store="0001"), Path("folder"))
    assert found["database.sqlite"].value == str(Path("folder/shop.db").absolute())
    assert found["store"].value == "0001"


# Where they come from.


@pytest.fixture(autouse=True)
def _no_machine_wide_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = tmp_path / "wide" / "shopmaster.toml"
    monkeypatch.setattr("agent.settings.file.machine_wide_file", lambda _: wide)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_a_new_file_is_the_machine_wide_one_if_this_account_may_write_it(tmp_path: Path) -> None:
    assert first_draft(None, {}, None, None).file == tmp_path / "wide" / "shopmaster.toml"


def test_otherwise_it_is_in_this_folder_and_the_owner_is_told(tmp_path: Path) -> None:
    (tmp_path / "wide").touch()  # nothing can be written below it
    file = first_draft(None, {}, None, None).file
    assert file == Path("shopmaster.toml")
    assert "which this account may not write" in (passed_over(None, {}, file) or "")
    assert passed_over(file, {}, file) is None  # the owner has named it
    file.touch()
    assert passed_over(None, {}, file) is None


def test_an_existing_file_is_edited_and_a_named_one_may_be_new(tmp_path: Path) -> None:
    FILE.write_text('store = "0001"', encoding="utf-8")
    draft = first_draft(None, {}, None, None)
    assert (draft.file, draft.text("store")) == (FILE, "0001")
    assert first_draft(Path("new.toml"), {}, None, None) == Draft({}, Path("new.toml"))
    assert first_draft(None, {"SHOPMASTER_CONFIG": "x.toml"}, None, None).file == Path("x.toml")


def test_the_environment_is_over_the_answers_and_they_over_the_file(tmp_path: Path) -> None:
    FILE.write_text('store = "a"\nstate_folder = "s"\n[database]\ntable = "a"', encoding="utf-8")
    answers = tmp_path / "answers.toml"
    answers.write_text('store = "b"\n[database]\ntable = "b"\nsqlite = "shop.db"', encoding="utf-8")
    draft = first_draft(None, {"SHOPMASTER_STORE": "c"}, None, answers)
    assert values(draft) == {
        "store": "c",
        "state_folder": "s",
        "database.table": "b",
        "database.sqlite": str(tmp_path / "shop.db"),
    }
    assert draft.entries["database.table"].place == f"database.table in {answers}"


def test_a_password_in_a_file_is_taken_out_of_it(tmp_path: Path) -> None:
    """It may be in the answers of an unattended installation, or in a file written by hand."""
    FILE.write_text('[database]\npassword = "Hush"', encoding="utf-8")
    draft = first_draft(None, {}, None, None)
    assert draft.text(PASSWORD) == "Hush"
    assert draft.to_write == {}


def test_answers_that_cannot_be_read_are_an_error() -> None:
    with pytest.raises(SettingsError, match="no settings file"):
        first_draft(None, {}, None, Path("nowhere.toml"))
