"""What is read from SQL Server, and how long anything is waited for."""

from dataclasses import dataclass, replace

from agent.names import Columns, TableName
from agent.sqlserver.login import Login


@dataclass(frozen=True, slots=True)
class SqlServerTable:
    """A table of products in a SQL Server database."""

    login: Login
    name: TableName
    columns: Columns


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long anything is waited for, in seconds."""

    knock: float = 3
    """For the first sign of life of the server's port."""

    login: int = 15

    lock: int = 30
    """For a lock that another program holds."""

    answer: int = 120
    """For the next rows, or any other answer."""

    @property
    def for_counting(self) -> "TimeLimits":
        """What it is worth to know the number of rows before they are read."""
        return replace(self, lock=min(self.lock, 1), answer=min(self.answer, 10))
