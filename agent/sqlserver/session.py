"""A connection to SQL Server through pyodbc; whatever goes wrong with it becomes a DatabaseError."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from agent.errors import DatabaseError, DatabaseProblem
from agent.names import TableName, closest, quote_bracketed, quote_table, shown_name, shown_table
from agent.sqlserver.address import knock
from agent.sqlserver.driver import connection_string, driver_missing
from agent.sqlserver.login import Login
from agent.sqlserver.messages import Complaint, Scene, cause_of, explained, read_complaint
from agent.sqlserver.table import SqlServerTable, TimeLimits
from agent.sqlserver.types import Converts, add_converters, is_of_one_row, unreadable_row

_SYSTEM_DATABASES = {"master", "model", "msdb", "tempdb"}
_DBMS_NAME, _DBMS_VERSION = 17, 18  # SQLGetInfo's SQL_DBMS_NAME and SQL_DBMS_VER


class Cursor(Protocol):
    """The part of pyodbc's cursor that is used here."""

    description: Sequence[Sequence[Any]]

    def fetchone(self) -> Sequence[Any] | None: ...  # noqa: D102  as in PEP 249
    def fetchall(self) -> list[Sequence[Any]]: ...  # noqa: D102  as in PEP 249


class Connection(Converts, Protocol):
    """The part of pyodbc's connection that is used here; mypy doesn't find the stubs it comes with."""

    timeout: int

    def execute(self, sql: str, *parameters: str) -> Cursor: ...  # noqa: D102  as a cursor's
    def getinfo(self, what: int, /) -> Any: ...  # noqa: D102  as ODBC's SQLGetInfo
    def close(self) -> None: ...  # noqa: D102  as in PEP 249


@dataclass(frozen=True, slots=True)
class Description:
    """What a column of a query's rows is."""

    kind: type
    """Of its values, as pyodbc says before it has read any."""

    size: int
    """In characters or bytes; 0 if it has no limit."""


class Session:
    """An open connection, for reading only."""

    def __init__(self, connection: Connection, table: TableName) -> None:
        self._connection = connection
        self._table = table

    @property
    def product(self) -> str:
        """What the server says that it is: `Microsoft SQL Server 16.00.1000`."""
        return " ".join(str(self._connection.getinfo(what)) for what in (_DBMS_NAME, _DBMS_VERSION))

    def rows(self, query: str) -> Iterator[Sequence[object]]:
        """Yield a query's rows, one after another; one that can't be read has only Unreadable values."""
        cursor = self._connection.execute(query)
        while True:
            try:
                row = cursor.fetchone()
            except Exception as error:
                if not is_of_one_row(error):
                    raise
                row = unreadable_row(error, len(cursor.description))
            if row is None:
                return
            yield row

    def number(self, query: str) -> int:
        """Return the one number that a query answers."""
        ((number,),) = self._connection.execute(query).fetchall()
        return int(number)

    def described(self, columns: Iterable[str]) -> list[Description]:
        """Return what some of the table's columns are.

        A login with SELECT alone may not see that in the catalogue views, but whoever may read the
        columns may know it.
        """
        names = ", ".join(map(quote_bracketed, columns))
        query = f"SELECT TOP 0 {names} FROM {quote_table(self._table)}"  # noqa: S608  quoted
        return [
            Description(each[1], int(each[3] or 0))
            for each in self._connection.execute(query).description
        ]

    def columns(self) -> list[str]:
        """Return the table's columns in their order, as far as this login may see them."""
        query = (
            f"SELECT name FROM {self._catalog}sys.columns "  # noqa: S608  quoted
            "WHERE object_id = OBJECT_ID(?) ORDER BY column_id"
        )
        rows = self._connection.execute(query, quote_table(self._table)).fetchall()
        return [row[0] for row in rows]

    def tables(self) -> list[str]:
        """Return the tables and views that may be read, as the settings would name them."""
        query = f"SELECT TABLE_SCHEMA, TABLE_NAME FROM {self._catalog}INFORMATION_SCHEMA.TABLES"  # noqa: S608  quoted
        rows = self._connection.execute(query).fetchall()
        return [shown_table((*self._table[:-2], row[0], row[1])) for row in rows]

    @property
    def _catalog(self) -> str:
        """The database in which the views that know the table are, as a prefix."""
        return f"{quote_bracketed(self._table[0])}." if len(self._table) == 3 else ""


@contextmanager
def open_session(table: SqlServerTable, limits: TimeLimits) -> Iterator[Session]:
    """Connect for as long as the block lasts; raises DatabaseError for whatever goes wrong in it."""
    odbc = load_pyodbc()
    login = table.login
    text = connection_string(login, odbc.drivers())
    strict = login.encryption == "strict"
    if login.address is not None:
        knock(login.address, limits.knock, limits.login if strict else None)
    try:
        connection = _connect(odbc, text, limits)
    except odbc.Error as error:
        complaint = read_complaint(error)
        cause = cause_of(complaint, connecting=True, strict=strict)
        is_missing = cause.problem is DatabaseProblem.NO_DATABASE
        names = _databases(odbc, login, limits) if is_missing else []
        raise explained(cause, complaint, Scene.of(table, limits), names) from error
    session = Session(connection, table.name)
    try:
        _give_way(connection, limits)
        yield session
    except odbc.Error as error:
        raise _explained(odbc, read_complaint(error), session, table, limits) from error
    finally:
        with suppress(odbc.Error):
            connection.close()


def load_pyodbc() -> Any:
    """Import pyodbc only now: on Linux it needs unixODBC, which SQLite does without.

    Raises DatabaseError (`driver`), which says how to get what is missing.
    """
    try:
        import pyodbc  # type: ignore[import-not-found]  # noqa: PLC0415  mypy doesn't find its stubs
    except ImportError as error:
        if "libodbc" in str(error):
            what = (
                "unixODBC is not installed here (on Debian and Ubuntu: apt-get install unixodbc)."
            )
        else:
            what = "The Python package pyodbc is not installed here (pip install pyodbc)."
        raise driver_missing(what) from error
    return pyodbc


def _connect(odbc: Any, text: str, limits: TimeLimits) -> Connection:
    odbc.pooling = False  # a pool could hand out connections that have been cut
    connection: Connection = odbc.connect(
        text, autocommit=True, timeout=limits.login, readonly=True
    )
    connection.timeout = limits.answer  # each cursor takes it over when it is made
    add_converters(connection)
    return connection


def _give_way(connection: Connection, limits: TimeLimits) -> None:
    """Let the tills go first: in a deadlock, and when they hold a lock."""
    name = str(connection.getinfo(_DBMS_NAME))
    if "SQL Server" not in name:
        raise DatabaseError(
            DatabaseProblem.OTHER,
            f"`connection_string` in the settings leads to {name}, but the agent only reads SQL Server.",
            "Correct it.",
        )
    milliseconds = limits.lock * 1000
    connection.execute(f"SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT {milliseconds:d}")


def _explained(
    odbc: Any, complaint: Complaint, session: Session, table: SqlServerTable, limits: TimeLimits
) -> DatabaseError:
    """Return the error for the user, with the names that exist if one that doesn't is the cause."""
    cause = cause_of(complaint, connecting=False)
    names: list[str] = []
    unreadable: list[str] = []
    with suppress(odbc.Error):
        if cause.problem is DatabaseProblem.NO_TABLE:
            names = closest(shown_table(table.name), session.tables())
        elif cause.problem is DatabaseProblem.NO_COLUMN:
            columns = session.columns()
            names = list(map(shown_name, columns))
            known = {name.casefold() for name in columns}
            unreadable = [name for name in table.columns if name.casefold() not in known]
        elif cause.problem is DatabaseProblem.DENIED:
            unreadable = [name for name in table.columns if not _is_readable(odbc, session, name)]
    return explained(cause, complaint, Scene.of(table, limits), names, unreadable)


def _is_readable(odbc: Any, session: Session, column: str) -> bool:
    try:
        session.described([column])
    except odbc.Error:
        return False
    return True


def _databases(odbc: Any, login: Login, limits: TimeLimits) -> list[str]:
    """Return the databases that this login may open, closest first; none if even that fails."""
    query = "SELECT name FROM sys.databases WHERE HAS_DBACCESS(name) = 1"
    text = connection_string(login.with_database("master"), odbc.drivers())
    try:
        connection = _connect(odbc, text, limits)
        names = [row[0] for row in connection.execute(query).fetchall()]
        connection.close()
    except odbc.Error:
        return []
    return closest(login.database, (name for name in names if name not in _SYSTEM_DATABASES))
