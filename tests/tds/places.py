"""Where tests put their tables: into the stand-in, and into a real SQL Server where there is one.

`SHOPMASTER_TEST_SQLSERVER` holds the ODBC connection string of a server in whose database tables
may be created and dropped. Both places answer the same tests.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pyodbc  # type: ignore[import-not-found]  # mypy doesn't find its stubs

from agent.names import quote_table
from agent.sqlserver_login import SqlServerOptions, connection_string, pick_driver
from tests.tds.database import Table
from tests.tds.server import PASSWORD, USER, SqlServerStandIn

REAL_SERVER = os.environ.get("SHOPMASTER_TEST_SQLSERVER")

Place = Callable[[Table], AbstractContextManager[SqlServerOptions]]
"""Serves a table for as long as the block lasts; its first three columns are those to read."""


def options_for(server: SqlServerStandIn, table: Table) -> SqlServerOptions:
    """Give the options that read a table of the stand-in."""
    product_id, product_name, sell_price = list(table.columns)[:3]
    return SqlServerOptions(
        quote_table((table.schema, table.name)),
        product_id,
        product_name,
        sell_price,
        server=server.server,
        database="Shop",
        authentication="sql",
        username=USER,
        password=PASSWORD,
    )


@contextmanager
def in_stand_in(table: Table) -> Iterator[SqlServerOptions]:
    """Serve a table from the stand-in."""
    with SqlServerStandIn([table]) as server:
        yield options_for(server, table)


@contextmanager
def in_sql_server(table: Table) -> Iterator[SqlServerOptions]:
    """Create a table under a name of its own in the real server, and drop it afterwards."""
    own_name = quote_table(("dbo", f"{table.name}_{secrets.token_hex(4)}"))
    product_id, product_name, sell_price = list(table.columns)[:3]
    options = SqlServerOptions(
        own_name, product_id, product_name, sell_price, connection_string=REAL_SERVER
    )
    text = connection_string(options, pick_driver(options, pyodbc.drivers()))
    columns = ", ".join(f"{quote_table((name,))} {kind}" for name, kind in table.columns.items())
    connection = pyodbc.connect(text, autocommit=True)
    try:
        connection.execute(f"CREATE TABLE {own_name} ({columns})")
        _fill(connection.cursor(), own_name, table)
        yield options
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
