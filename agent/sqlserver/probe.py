"""What `check` asks of a SQL Server, step by step; implements `checking.database.Database`."""

from collections.abc import Generator
from pathlib import PureWindowsPath

from agent.sqlserver.driver import connection_string
from agent.sqlserver.login import attributes
from agent.sqlserver.messages import Scene, encryption_doubt
from agent.sqlserver.session import load_pyodbc, open_session
from agent.sqlserver.source import SqlServerSource
from agent.sqlserver.table import SqlServerTable, TimeLimits
from contract.product import CatalogRow

_PATIENCE = TimeLimits(login=12, lock=5, answer=15)
"""Somebody sits and waits."""


class SqlServerProbe:
    """The way to a table in SQL Server."""

    def __init__(self, table: SqlServerTable, limits: TimeLimits = _PATIENCE) -> None:
        """Take what to look at; nothing is connected yet."""
        self._table = table
        self._limits = limits
        scene = Scene.of(table, limits)
        self.server = scene.server
        self.doubt = encryption_doubt(table.login)
        self.account = f"as {scene.account}"
        self.table = scene.table

    def driver(self) -> str:
        """Return the name of the driver, or of the data source that names one; raises DatabaseError."""
        said = attributes(connection_string(self._table.login, load_pyodbc().drivers()))
        if "driver" in said:
            return PureWindowsPath(said["driver"]).name  # a developer's is a path
        return f"of the data source {said.get('dsn') or said.get('filedsn', '')}"

    def log_in(self) -> str:
        """Log in and out again, and return the server's product and version; raises DatabaseError."""
        with open_session(self._table, self._limits) as session:
            return session.product

    def rows(self) -> Generator[CatalogRow, None, None]:
        """Yield every row as the upload reads it; raises DatabaseError."""
        return SqlServerSource(self._table, self._limits).rows()
