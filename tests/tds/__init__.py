"""A stand-in for SQL Server that Microsoft's ODBC driver logs in to, for tests only."""

from tests.tds.database import Table
from tests.tds.faults import Faults
from tests.tds.server import PASSWORD, USER, SqlServerStandIn

__all__ = ["PASSWORD", "USER", "Faults", "SqlServerStandIn", "Table"]
