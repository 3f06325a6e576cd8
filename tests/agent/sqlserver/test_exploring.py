"""What a login may choose from: databases and tables, from the server itself."""

from collections.abc import Iterator

import pytest

from agent.errors import DatabaseError, DatabaseProblem
from agent.sqlserver.exploring import Column, FoundTable, databases, installed_driver, tables
from agent.sqlserver.login import Login, sql_login
from tests.tds import PASSWORD, USER, SqlServerStandIn, Table

PRODUCTS = Table("Products", {"ProductID": "varchar(25)", "SellPrice": "numeric(18,2)"})
UNITS = Table("a.b", {"id": "int"}, schema="odd schema")


@pytest.fixture
def server() -> Iterator[SqlServerStandIn]:
    with SqlServerStandIn([PRODUCTS, UNITS], database="Shöp") as stand_in:
        yield stand_in


def login(server: SqlServerStandIn, database: str = "Shöp", password: str = PASSWORD) -> Login:
    return sql_login(server.server, database, USER, password)


def test_the_databases_are_those_of_the_shop(server: SqlServerStandIn) -> None:
    assert databases(login(server, "")) == ["Shöp"]


def test_the_tables_come_with_their_columns_and_types(server: SqlServerStandIn) -> None:
    assert tables(login(server)) == [
        FoundTable(
            ("dbo", "Products"), (Column("ProductID", "varchar"), Column("SellPrice", "numeric"))
        ),
        FoundTable(("odd schema", "a.b"), (Column("id", "int"),)),
    ]


def test_a_wrong_password_is_explained_and_not_shown(server: SqlServerStandIn) -> None:
    with pytest.raises(DatabaseError) as caught:
        databases(login(server, password="Hush"))
    assert caught.value.problem is DatabaseProblem.LOGIN
    assert "Hush" not in str(caught.value)


def test_the_driver_has_a_name() -> None:
    assert "odbc" in installed_driver().lower()
