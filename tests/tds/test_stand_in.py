"""The stand-in for SQL Server refuses what it does not understand, as SQL Server would."""

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyodbc  # type: ignore[import-not-found]  # mypy doesn't find its stubs
import pytest

from agent.sqlserver.driver import connection_string
from tests.tds import SqlServerStandIn, Table
from tests.tds.places import table_in
from tests.tds.statements import parse_batch
from tests.tds.tokens import SqlError
from tests.tds.wire_types import sql_type

TABLE = Table("T", {"id": "varchar(9)", "n": "int", "p": "money"}, [("a", 1, 1), ("B", 2, 2)])


@pytest.fixture
def connection() -> Iterator[pyodbc.Connection]:
    with SqlServerStandIn([TABLE]) as server:
        text = connection_string(table_in(server, TABLE).login, pyodbc.drivers())
        connected = pyodbc.connect(text, autocommit=True)
        yield connected
        connected.close()


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "DROP TABLE T",
        "SELECT",
        "SELECT * FROM T",
        "SELECT a FROM T WHERE",
        "SELECT a FROM T WITH (NOLOCK)",
        "SELECT a, FROM T",
        "SELECT a FROM T; DROP TABLE T",
        "SELECT [a FROM T",
        "SELECT a FROM T ORDER BY a DESC",
        "SELECT a FROM T ORDER BY CAST(a AS int)",
    ],
)
def test_unsupported_sql_is_a_syntax_error(sql: str) -> None:
    with pytest.raises(SqlError, match="Incorrect syntax near") as caught:
        parse_batch(sql)

    assert caught.value.number == 102


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("SELECT id FROM Nope", 208),
        ("SELECT id FROM Nope.dbo.T", 208),
        ("SELECT id FROM sys.T", 208),
        ("SELECT nope FROM T", 207),
        ("SELECT id FROM T WHERE NOPE(id) = 1", 195),
        ("SELECT id FROM T ORDER BY n COLLATE Latin1_General_BIN2", 447),
        ("SELECT CAST(id AS nvarchar(4000)) FROM T", 102),
    ],
)
def test_an_error_has_sql_servers_number(
    connection: pyodbc.Connection, sql: str, number: int
) -> None:
    with pytest.raises(pyodbc.Error, match=rf"\({number}\)"):
        connection.execute(sql)


def test_text_is_sorted_regardless_of_case_unless_a_collation_says_otherwise(
    connection: pyodbc.Connection,
) -> None:
    def ids(order: str) -> list[str]:
        rows = connection.execute(f"SELECT id FROM T ORDER BY {order}").fetchall()
        return [row[0] for row in rows]

    assert ids("id") == ["a", "B"]
    assert ids("id COLLATE Latin1_General_BIN2") == ["B", "a"]


def test_parameters_are_values(connection: pyodbc.Connection) -> None:
    rows = connection.execute("SELECT n FROM T WHERE id = ?", "B").fetchall()

    assert [row[0] for row in rows] == [2]


def test_two_clients_are_served_at_the_same_time() -> None:
    with SqlServerStandIn([TABLE]) as server:
        text = connection_string(table_in(server, TABLE).login, pyodbc.drivers())
        one, other = (pyodbc.connect(text, autocommit=True) for _ in range(2))

        first = one.execute("SELECT id FROM T")
        second = other.execute("SELECT id FROM T")

        assert first.fetchall() == second.fetchall()
        one.close()
        other.close()


@pytest.mark.parametrize("declared", ["geometry", "numeric(38,2)", "int int", ""])
def test_an_unsupported_type_is_refused(declared: str) -> None:
    with pytest.raises(ValueError, match="the stand-in"):
        sql_type(declared)


def test_a_value_with_more_decimals_than_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 2 decimals"):
        sql_type("numeric(18,2)").store(Decimal("1.005"))


def test_it_runs_as_a_separate_process() -> None:
    command = [sys.executable, "-m", "tests.tds", "--rows", "3"]
    with subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline().startswith("ready server=127.0.0.1,")
        process.stdin.close()

        assert process.wait(timeout=30) == 0
