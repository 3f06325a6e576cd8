"""Where tests put their tables: in the stand-in, and in a real SQL Server if there is one.

`SHOPMASTER_TEST_SQLSERVER` is the ODBC connection string of a database in which tables may be
created and dropped. The same tests run in both places.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pyodbc  # type: ignore[import-not-found]  # mypy doesn't find its stubs

from agent.names import Columns, quote_table
from agent.sqlserver.driver import connection_string
from agent.sqlserver.login import own_login, sql_login
from agent.sqlserver.table import SqlServerTable
from tests.tds.database import Table
from tests.tds.server import PASSWORD, USER, SqlServerStandIn

REAL_SERVER = os.environ.get("SHOPMASTER_TEST_SQLSERVER")

Place = Callable[[Table], AbstractContextManager[SqlServerTable]]
"""Serves a table while the block lasts; its first three columns are the ones to read."""


def table_in(server: SqlServerStandIn, table: Table) -> SqlServerTable:
    """Return a table of the stand-in as the agent reads it."""
    login = sql_login(server.server, "Shop", USER, PASSWORD)
    return SqlServerTable(login, (table.schema, table.name), _columns(table))


def _columns(table: Table) -> Columns:
    return Columns(*list(table.columns)[:3])


@contextmanager
def in_stand_in(table: Table) -> Iterator[SqlServerTable]:
    """Serve a table from the stand-in."""
    with SqlServerStandIn([table]) as server:
        yield table_in(server, table)


@contextmanager
def in_sql_server(table: Table) -> Iterator[SqlServerTable]:
    """Create a table with a unique name in the real server, and drop it afterwards."""
    name = ("dbo", f"{table.name}_{secrets.token_hex(4)}")
    own_name, login = quote_table(name), own_login(REAL_SERVER or "")
    text = connection_string(login, pyodbc.drivers())
    columns = ", ".join(f"{quote_table((name,))} {kind}" for name, kind in table.columns.items())
    connection = pyodbc.connect(text, autocommit=True)
    try:
        connection.execute(f"CREATE TABLE {own_name} ({columns})")
        _fill(connection.cursor(), own_name, table)
        yield SqlServerTable(login, name, _columns(table))
    finally:
        connection.execute(f"DROP TABLE IF EXISTS {own_name}")
        connection.close()


def _fill(cursor: pyodbc.Cursor, name: str, table: Table) -> None:
    rows = [tuple(row) for row in table.rows]
    if rows:
        marks = ", ".join("?" * len(table.columns))
        cursor.fast_executemany = True
        cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)


PLACES: dict[str, Place] = {
    "the stand-in": in_stand_in,
    **({"a real SQL Server": in_sql_server} if REAL_SERVER else {}),
}
