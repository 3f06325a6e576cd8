"""An old shopMaster's settings are taken over, and the owner hears what to delete."""

from pathlib import Path

import pytest

from agent.configuring.draft import PASSWORD
from agent.configuring.old_shopmaster import OldSettings, read_old
from agent.errors import SettingsError

FULL = r"""
server_name='localhost\SQLEXPRESS'
db_name='Shop'
security='Password'
username='till'
password='a$b#c \'d\' "e"'
local_table='dbo.Products'
access_token='eyJ.old.token'
"""


def read(folder: Path, text: str) -> OldSettings:
    file = folder / "old.env"
    file.write_text(text, encoding="utf-8")
    return read_old(file)


def values(old: OldSettings) -> dict[str, object]:
    return {key: entry.value for key, entry in old.entries.items()}


def test_everything_is_taken_over(tmp_path: Path) -> None:
    old = read(tmp_path, FULL)
    assert values(old) == {
        "database.server": r"localhost\SQLEXPRESS",
        "database.database": "Shop",
        "database.table": "dbo.Products",
        "database.authentication": "sql",
        "database.username": "till",
        PASSWORD: "a$b#c 'd' \"e\"",
    }
    assert old.entries[PASSWORD].in_environment  # it never gets into the settings file
    assert old.token == "eyJ.old.token"


def test_windows_authentication_needs_no_user(tmp_path: Path) -> None:
    text = FULL.replace("'Password'", "Windows Authentication")
    found = values(read(tmp_path, text))
    assert found["database.authentication"] == "windows"
    assert "database.username" not in found
    assert PASSWORD not in found


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffSERVER_NAME=shop-pc\nDB_NAME=Shop\nLOCAL_TABLE=Products",
        'export server_name=shop-pc\r\ndb_name = "Shop"\r\nlocal_table=Products # the table\r\n',
        "server_name=shop-pc\ndb_name=Shop\nlocal_table=Products\nusername=\npassword=\naccess_token=",
    ],
    ids=["capitals and a mark", "other spellings", "empty values"],
)
def test_it_may_be_written_in_other_ways(tmp_path: Path, text: str) -> None:
    old = read(tmp_path, text)
    assert values(old) == {
        "database.server": "shop-pc",
        "database.database": "Shop",
        "database.table": "Products",
    }
    assert old.token is None


def test_what_to_delete_names_the_secrets_but_does_not_show_them(tmp_path: Path) -> None:
    old = read(tmp_path, FULL)
    assert (
        f"delete {tmp_path / 'old.env'}, which contains the password of the database and the token of "
        "the online store in clear" in old.to_delete
    )
    for shown in (old.to_delete, repr(old)):
        assert "a$b" not in shown
        assert "eyJ" not in shown
    without = read(tmp_path, "server_name=shop-pc").to_delete
    assert "in clear" not in without


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "none of an old shopMaster's settings"),
        ("OTHER=1", "none of an old shopMaster's settings"),
        ("server_name=x\nsecurity=Kerberos", "another `security`"),
    ],
)
def test_a_file_of_another_kind_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read(tmp_path, text)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    for make in (lambda file: None, lambda file: file.mkdir()):
        file = tmp_path / "old.env"
        make(file)
        with pytest.raises(SettingsError, match="can't be read"):
            read_old(file)
    file = tmp_path / "latin.env"
    file.write_bytes(b"server_name=caf\xe9")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_old(file)
