"""What there is to choose from in a SQL Server: its databases, and the tables of one of them."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from agent.interruptible import interruptible
from agent.names import Columns, TableName
from agent.sqlserver.driver import connection_string
from agent.sqlserver.login import Login, attributes, windows_login
from agent.sqlserver.session import load_pyodbc, open_session
from agent.sqlserver.table import SqlServerTable, TimeLimits

_SYSTEM_DATABASES = {"master", "model", "msdb", "tempdb"}
_DATABASES = "SELECT name FROM sys.databases WHERE HAS_DBACCESS(name) = 1 ORDER BY name"
_COLUMNS = (
    "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS "
    "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
)
_LIMITS = TimeLimits(answer=30)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    kind: str
    """Its type as SQL Server calls it, without size: `varchar`, `numeric`."""


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table or view that the login may see, with those columns that it may see."""

    name: TableName
    columns: tuple[Column, ...]


def installed_driver() -> str:
    """Return the ODBC driver that would be used here; raises DatabaseError if there is none."""
    odbc = load_pyodbc()
    text = connection_string(windows_login("localhost", ""), odbc.drivers())
    return Path(attributes(text)["driver"]).name  # developers' one is a path


def databases(login: Login) -> list[str]:
    """Return the databases that this login may open, without SQL Server's own; raises DatabaseError."""
    found = _explored(login.with_database("master"), "sys.databases", _DATABASES)
    return [str(name) for (name,) in found if name not in _SYSTEM_DATABASES]


def tables(login: Login) -> list[FoundTable]:
    """Return the tables and views of the login's database; raises DatabaseError.

    Some are missing, or some of their columns, if the login has rights on single columns only.
    """
    found = _explored(login, "INFORMATION_SCHEMA.COLUMNS", _COLUMNS)
    return [
        FoundTable(
            (str(schema), str(table)), tuple(Column(str(row[2]), str(row[3])) for row in rows)
        )
        for (schema, table), rows in groupby(found, key=lambda row: (row[0], row[1]))
    ]


def _explored(login: Login, view: str, query: str) -> list[Sequence[object]]:
    """Return a query's rows, while another thread waits for the server."""
    schema, _, name = view.partition(".")
    table = SqlServerTable(login, (schema, name), Columns())  # what a message would name

    def read() -> Generator[Sequence[object], None, None]:
        with open_session(table, _LIMITS) as session:
            yield from session.rows(query)

    return list(interruptible(read))
