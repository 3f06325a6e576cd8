"""The script for the database person grants three columns and nothing else, whatever the names are."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.configuring.draft import Draft
from agent.configuring.least_privilege import Account, SqlUser, WindowsAccount, script_for
from agent.configuring.named import sql_server_table
from agent.configuring.running_as import grantee, runner
from agent.errors import SettingsError
from agent.names import Columns, TableName
from agent.sqlserver.login import windows_login
from agent.sqlserver.table import SqlServerTable
from agent.windows_accounts import NETWORK_SERVICE

PARSER = os.environ.get("TSQL_PARSE")
NAMES = [
    "Products",
    "Caf\u00e9 ] \u2014 N\u00ba 1",
    "'; DROP TABLE Products; --",
    "]; DROP TABLE Products; --",
    "a.b",
    "SELECT",
    "/* */ GO",
]

Parse = Callable[[str], list[str]]


@pytest.fixture
def parse(tmp_path: Path) -> Parse:
    """Return what makes a list of the kinds of statements of a script, which must parse from 2012 on."""
    if not PARSER:
        pytest.skip("needs machine: Microsoft's T-SQL parser, named in TSQL_PARSE")

    def parsed(script: str) -> list[str]:
        file = tmp_path / "script.sql"
        file.write_text(script, encoding="utf-8")
        done = subprocess.run([PARSER, file], capture_output=True, text=True, check=False)
        problems = [line for line in done.stdout.splitlines() if re.match(r"20(?!08)\d\d: ", line)]
        assert problems == []
        return re.findall(r"^statement: (\w+)Statement ", done.stdout, re.MULTILINE)

    return parsed


def table(
    database: str = "Shop", name: TableName = ("dbo", "Products"), columns: Columns | None = None
) -> SqlServerTable:
    return SqlServerTable(windows_login("localhost", database), name, columns or Columns())


def test_a_windows_account_may_read_three_columns() -> None:
    script = script_for(table(), WindowsAccount(NETWORK_SERVICE.name))
    code = [line for line in script.splitlines() if line and not line.startswith("--")]
    assert code == [
        r"IF SUSER_ID(N'NT AUTHORITY\NETWORK SERVICE') IS NULL",
        r"    CREATE LOGIN [NT AUTHORITY\NETWORK SERVICE] FROM WINDOWS WITH DEFAULT_DATABASE = [Shop];",
        "USE [Shop];",
        r"IF DATABASE_PRINCIPAL_ID(N'NT AUTHORITY\NETWORK SERVICE') IS NULL",
        r"    CREATE USER [NT AUTHORITY\NETWORK SERVICE] FOR LOGIN [NT AUTHORITY\NETWORK SERVICE];",
        "GRANT SELECT ([ProductID], [ProductName], [SellPrice])",
        "    ON OBJECT::[dbo].[Products]",
        r"    TO [NT AUTHORITY\NETWORK SERVICE];",
    ]


def test_a_sql_users_password_must_be_typed_into_the_script() -> None:
    """A script that worked as printed would give every shop the same password."""
    script = script_for(table(), SqlUser("shopmaster"))
    assert "@password nvarchar(128) = N'';" in script
    assert script.index("THROW") < script.index("EXEC (@create)")


def test_a_column_that_is_mapped_twice_is_granted_once() -> None:
    script = script_for(table(columns=Columns("Code", "Name", "Code")), SqlUser("u"))
    assert "GRANT SELECT ([Code], [Name])" in script


def test_a_table_without_a_schema_is_in_dbo() -> None:
    for name in (("Products",), ("Shop", "", "Products")):
        assert "OBJECT::[dbo].[Products]" in script_for(table(name=name), SqlUser("u"))


def test_a_table_in_another_database_needs_a_user_there_too() -> None:
    script = script_for(table(name=("Other", "dbo", "Products")), SqlUser("u"))
    assert re.findall(r"USE (.*);", script) == ["[Shop]", "[Other]"]
    assert script.count("CREATE USER") == 2
    assert script.index("USE [Other]") < script.index("GRANT")


@pytest.mark.parametrize("kind", [WindowsAccount, SqlUser])
def test_no_name_becomes_a_second_statement(parse: Parse, kind: Callable[[str], Account]) -> None:
    login = ["If"] if kind is WindowsAccount else ["DeclareVariable", "If"]
    scripts = [
        script_for(table(name, (name, name), Columns(name, f"{name}2", f"{name}3")), kind(name))
        for name in NAMES
    ]
    assert parse("\nGO\n".join(scripts)) == [*login, "Use", "If", "Grant"] * len(NAMES)


def test_a_name_of_several_lines_is_refused() -> None:
    """Tools cut a script at a line GO, even within a name."""
    with pytest.raises(SettingsError, match="line break"):
        script_for(table(name=("dbo", "a]\nGO\nDROP TABLE x")), SqlUser("u"))


def test_the_statement_that_creates_a_sql_user_is_one(parse: Parse) -> None:
    """It is built by the script, because CREATE LOGIN takes no variable."""
    built = "\nGO\n".join(built_by(script_for(table(name), SqlUser(name))) for name in NAMES)
    assert parse(built) == ["CreateLogin"] * len(NAMES)


def built_by(script: str) -> str:
    """Return what the script executes if somebody types `x'; DROP TABLE T --` as the password."""
    literal = r"N'((?:[^']|'')*)'"
    quoted = r"\s*\+ QUOTENAME\(@password, ''''\) \+ "
    found = re.search(rf"@create nvarchar\(max\) = {literal}{quoted}{literal}", script)
    assert found is not None
    begin, end = (part.replace("''", "'") for part in found.groups())
    return f"{begin}'x''; DROP TABLE T --'{end}"


# For whom, and from what.


def draft(**values: str) -> Draft:
    answers: dict[str, str | None] = {f"database.{name}": value for name, value in values.items()}
    return Draft({}, Path("shopmaster.toml")).answered(answers)


def test_the_script_is_for_whoever_reads_the_table() -> None:
    local = draft(server=r"localhost\SQLEXPRESS", database="Shop", table="T")
    assert grantee(local, None) == WindowsAccount(NETWORK_SERVICE.name)
    assert grantee(local, "Network Service") == WindowsAccount(NETWORK_SERVICE.name)
    assert grantee(local, r"SHOP\anna") == WindowsAccount(r"SHOP\anna")
    sql = local.answered({"database.authentication": "sql", "database.username": "till"})
    assert grantee(sql, None) == SqlUser("till")
    assert grantee(draft(connection_string="Server=x;UID=me"), None) == SqlUser("me")


def test_another_computers_server_must_be_told_who_this_computer_is() -> None:
    with pytest.raises(SettingsError, match="--account"):
        grantee(draft(server="shop-pc", database="Shop", table="T"), None)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sqlite": "shop.db"}, "has no logins"),
        ({"server": "localhost", "table": "T"}, "SHOPMASTER_DATABASE__DATABASE"),
        ({"server": "localhost", "database": "Shop"}, "SHOPMASTER_DATABASE__TABLE"),
        ({"server": "localhost", "database": "Shop", "table": "a..b.c.d"}, "of the table"),
    ],
)
def test_a_draft_without_a_table_says_what_is_missing(values: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        sql_server_table(draft(**values))


def test_machine_wide_settings_on_windows_are_a_services() -> None:
    environment = {"PROGRAMDATA": "wide"}
    wide, own = Path("wide/shopMaster/shopmaster.toml"), Path("shopmaster.toml")
    assert runner(None, wide, environment, "win32") == NETWORK_SERVICE.name
    assert runner(None, own, environment, "win32") is None
    assert runner("anna", wide, environment, "win32") == "anna"
    assert runner("networkservice", own, environment, "win32") == NETWORK_SERVICE.name
    assert runner(None, wide, environment, "linux") is None
