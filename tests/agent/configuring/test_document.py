"""The settings file is written with comments, and changed without losing any."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.configuring.document import edited
from agent.errors import SettingsError
from agent.settings.parsing import KEYS

WANTED: dict[str, object] = {
    "store": "0001",
    "database.server": r"localhost\SQLEXPRESS",
    "database.database": "Shop",
    "database.table": "dbo.Products",
    "database.authentication": "windows",
    "storage.account_url": "https://shops.blob.core.windows.net",
    "azure.sign_in": "arc",
}

OLD = """\
# Anna wrote this.
store = "0001"   # ours

[storage]
# from the operator, 3 March
account_url = "https://shops.blob.core.windows.net"

# The till's own database
[database]
server = 'shop-pc'      # the one under the desk
database = "Shop"
table = "dbo.Products"
authentication = "sql"
username = "till"

[azure]
sign_in = "arc"
"""


def said(text: str) -> dict[str, object]:
    def flat(table: dict[str, Any], above: str) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, value in table.items():
            inner = (
                flat(value, f"{above}{name}.") if isinstance(value, dict) else {above + name: value}
            )
            found |= inner
        return found

    return flat(tomllib.loads(text), "")


def test_a_new_file_explains_itself() -> None:
    text = edited("", WANTED)
    assert said(text) == WANTED
    assert text.startswith("# Settings of shopmaster.")
    assert r"server = 'localhost\SQLEXPRESS' # this computer" in text
    assert "[storage] # Where the catalogue is uploaded" in text


def test_a_second_time_changes_nothing() -> None:
    text = edited("", WANTED)
    assert edited(text, WANTED) == text
    assert edited(OLD, said(OLD)) == OLD


def test_comments_order_and_spelling_stay() -> None:
    text = edited(OLD, WANTED)
    assert said(text) == WANTED
    for line in (
        "# Anna wrote this.",
        'store = "0001"   # ours',
        "# from the operator, 3 March",
        "# The till's own database",
        r"server = 'localhost\SQLEXPRESS'      # the one under the desk",
    ):
        assert line in text.splitlines()
    assert text.index("[storage]") < text.index("[database]") < text.index("[azure]")
    assert "username" not in text


def test_a_comment_stays_above_its_table_whatever_is_added_before_it() -> None:
    text = edited(OLD, WANTED | {"state_folder": "/notes", "storage.connection_string": "x"})
    assert (
        'store = "0001"   # ours\nstate_folder = "/notes" # where the agent keeps its notes\n\n[storage]\n'
    ) in text
    assert 'connection_string = "x"\n\n# The till\'s own database\n[database]\n' in text


def test_another_kind_of_database_takes_the_first_ones_place() -> None:
    wanted = {
        "store": "0001",
        "database.sqlite": "shop.db",
        "database.table": "Products",
        "storage.connection_string": "UseDevelopmentStorage=true",
    }
    text = edited(OLD, wanted)
    assert said(text) == wanted
    assert "[azure]" not in text  # nothing is left in it


@pytest.mark.parametrize(
    "old",
    [
        'database.server = "a"\nstorage.account_url = "b"\n',
        'database = {server = "a", sqlite = "c"}\n',
        '[database]\nserver = "a"\n[storage]\naccount_url = "b"',
        "\ufeff" + OLD,
        '[ database ]\n"server" = """a"""\n',
        '[azure]\n[database]\nserver="a"\n',
    ],
    ids=["dotted", "inline", "no newline at the end", "with a mark", "odd", "an empty table"],
)
def test_other_ways_to_write_the_same_are_edited_too(old: str) -> None:
    assert said(edited(old, WANTED)) == WANTED


def test_the_line_ends_of_windows_stay() -> None:
    text = edited(OLD.replace("\n", "\r\n"), WANTED)
    assert text.count("\n") == text.count("\r\n") > 10
    assert said(text) == WANTED


@pytest.mark.parametrize("old", ["store = ", "[database\n", "x = 1\nx = 2"])
def test_a_file_that_is_no_toml_is_left_alone(old: str) -> None:
    with pytest.raises(SettingsError, match="It is as it was"):
        edited(old, WANTED)


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20
)
SETTINGS = st.dictionaries(st.sampled_from([key for key in KEYS if "percent" not in key]), TEXTS)


@given(SETTINGS, SETTINGS)
def test_whatever_is_wanted_is_what_the_file_says(
    before: dict[str, object], after: dict[str, object]
) -> None:
    text = edited("", before)
    assert said(text) == before
    assert said(edited(text, after)) == after
