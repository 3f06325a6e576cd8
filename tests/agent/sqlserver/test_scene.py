"""Which database a message names: the table's may be another than the login's."""

import pytest

from agent.names import Columns, TableName
from agent.sqlserver.login import windows_login
from agent.sqlserver.messages import Complaint, Scene, cause_of, explained
from agent.sqlserver.table import SqlServerTable, TimeLimits


def message(table: TableName, number: int, *, connecting: bool) -> str:
    complaint = Complaint("42000", frozenset({number}), "")
    login = windows_login("shop-pc", "Shop")
    scene = Scene.of(SqlServerTable(login, table, Columns()), TimeLimits())
    return str(explained(cause_of(complaint, connecting=connecting), complaint, scene))


@pytest.mark.parametrize(
    ("table", "database"),
    [
        (("Products",), "Shop"),
        (("dbo", "Products"), "Shop"),
        (("OtherDb", "dbo", "Products"), "OtherDb"),
        (("OtherDb", "", "Products"), "OtherDb"),
    ],
)
def test_a_missing_table_is_missing_in_its_own_database(table: TableName, database: str) -> None:
    said = message(table, 208, connecting=False)
    assert said.startswith(f"The database “{database}” on shop-pc has no table")


def test_a_database_that_the_login_cannot_open_is_the_logins() -> None:
    said = message(("OtherDb", "dbo", "Products"), 4060, connecting=True)
    assert "has no database “Shop”" in said
