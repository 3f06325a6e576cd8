"""The products of a table in a SQLite file, read row by row; the demo uses it."""

import re
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from agent.errors import DatabaseError, DatabaseProblem
from agent.interruptible import interruptible
from agent.names import Columns, closest, shown_name
from agent.values import Unreadable, catalog_rows
from contract.product import CatalogRow

T = TypeVar("T")

_LOCK_SECONDS = 30
_SCALE = re.compile(r"\(\s*[0-9]+\s*,\s*([0-9]{1,2})\s*\)")
_EXACTLY = Context(prec=400, traps=[Inexact])
"""Enough digits for the longest float: a little over 300."""

_CORRECT = "Correct `sqlite` in the settings."
_DENIED = ("The file {path} can't be opened.", "Check that this user may read it.")
_LOCKED = (
    f"Another program kept the file {{path}} locked for {_LOCK_SECONDS} s.",
    "Try again in a few minutes.",
)
_DAMAGED = ("The file {path} is not a SQLite database, or it is damaged.", _CORRECT)
_NO_ROOM = (
    "SQLite can't sort the products, because it can't write to the folder for temporary files.",
    "Make room there, or name another folder in the environment variable TMPDIR (on Windows TEMP).",
)
_EXPLANATIONS = {
    sqlite3.SQLITE_FULL: (DatabaseProblem.OTHER, _NO_ROOM),
    sqlite3.SQLITE_CANTOPEN: (DatabaseProblem.DENIED, _DENIED),
    sqlite3.SQLITE_BUSY: (DatabaseProblem.LOCKED, _LOCKED),
    sqlite3.SQLITE_LOCKED: (DatabaseProblem.LOCKED, _LOCKED),
    sqlite3.SQLITE_NOTADB: (DatabaseProblem.OTHER, _DAMAGED),
    sqlite3.SQLITE_CORRUPT: (DatabaseProblem.OTHER, _DAMAGED),
}


@dataclass(frozen=True, slots=True)
class SqliteTable:
    """A table of products in a SQLite file."""

    path: Path
    name: str
    """Without parts: a dot is part of the name."""

    columns: Columns


class SqliteSource:
    """The three columns of one table, and no others; implements `export.ProductSource`."""

    def __init__(self, table: SqliteTable) -> None:
        """Take what to read; nothing is opened yet."""
        self._path = table.path
        self._table = table.name
        self._columns = table.columns

    def rows(self) -> Generator[CatalogRow, None, None]:
        """Yield every row, ordered by product id, then by name and price.

        A price in a column with declared decimals, such as NUMERIC(18,2), has at least that many,
        as it would in SQL Server. Raises DatabaseError, before the first row or after any.
        """
        return self._in_database(self._read)

    def count(self) -> int | None:
        """Return the number of rows; raises DatabaseError for whatever would make `rows` fail."""
        query = f"SELECT count(*) FROM {_quoted(self._table)}"  # noqa: S608  quoted
        ((number,),) = self._in_database(lambda database: database.execute(query))
        return int(number)

    def _in_database(
        self, work: Callable[[sqlite3.Connection], Iterable[T]]
    ) -> Generator[T, None, None]:
        """Yield what `work` yields, while another thread waits for the file."""

        def produce() -> Generator[T, None, None]:
            with self._opened() as database:
                yield from work(database)

        return interruptible(produce)

    def _read(self, database: sqlite3.Connection) -> Iterator[CatalogRow]:
        as_declared = _decimals(self._declared(database, self._columns.sell_price))
        columns = list(map(_quoted, self._columns))
        keys = (f"{column} COLLATE BINARY" for column in columns)
        query = (
            f"SELECT {', '.join(columns)} FROM {_quoted(self._table)} ORDER BY {', '.join(keys)}"  # noqa: S608  quoted
        )
        database.text_factory = _text
        with closing(database.execute(query)) as rows:
            for row in catalog_rows(rows, self._columns):
                yield row._replace(sell_price=as_declared(row.sell_price))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Open the file and check the names; raises DatabaseError for whatever SQLite raises."""
        _check_file(self._path)
        try:
            with closing(
                sqlite3.connect(_uri(self._path), uri=True, timeout=_LOCK_SECONDS)
            ) as database:
                self._check_names(database)
                yield database
        except sqlite3.Error as error:
            raise _explained(error, self._path) from error

    def _check_names(self, database: sqlite3.Connection) -> None:
        """Compare the names with those that exist: SQLite treats an unknown column as text."""
        columns = self._existing_columns(database)
        if not columns:
            tables = map(shown_name, closest(self._table, _existing_tables(database)))
            names = ", ".join(tables)
            similar = f" Similar names: {names}." if names else ""
            raise DatabaseError(
                DatabaseProblem.NO_TABLE,
                f"The file {self._path} has no table “{self._table}”.{similar}",
                "Correct `table` in the settings.",
            )
        known = {name.casefold() for name in columns}
        missing = [name for name in self._columns if name.casefold() not in known]
        if missing:
            raise DatabaseError(
                DatabaseProblem.NO_COLUMN,
                f"The table {shown_name(self._table)} has no column "
                f"{' and '.join(map(shown_name, missing))}. "
                f"Its columns: {', '.join(map(shown_name, columns))}.",
                "Correct [columns] in the settings.",
            )

    def _existing_columns(self, database: sqlite3.Connection) -> dict[str, str]:
        """Return the table's columns in their order, with their declared types."""
        query = "SELECT name, type FROM pragma_table_xinfo(?)"
        return dict(database.execute(query, (self._table,)).fetchall())

    def _declared(self, database: sqlite3.Connection, column: str) -> str:
        declared = self._existing_columns(database)
        return next(kind for name, kind in declared.items() if name.casefold() == column.casefold())


def _text(stored: bytes) -> str | Unreadable:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return Unreadable("text that is not UTF-8")


def _existing_tables(database: sqlite3.Connection) -> list[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"
    )
    return [name for (name,) in database.execute(query)]


def _decimals(declared: str) -> Callable[[object], object]:
    """Return a function that gives a number the decimals of its declared type, if no digit is lost."""
    match = _SCALE.search(declared)
    if match is None:
        return lambda value: value
    unit = Decimal(1).scaleb(-int(match[1]))

    def as_declared(value: object) -> object:
        if not isinstance(value, int | Decimal):
            return value
        number = Decimal(value)
        try:
            return number.quantize(unit, context=_EXACTLY) if number.is_finite() else number
        except Inexact:
            return number

    return as_declared


def _uri(path: Path) -> str:
    """Return the file's address for reading only; a network folder's keeps its four slashes."""
    place = path.absolute().as_posix()
    return f"file://{'' if place.startswith('/') else '/'}{quote(place, safe='/:')}?mode=ro"


def _check_file(path: Path) -> None:
    try:
        exists = path.is_file()
    except OSError:
        raise _told(DatabaseProblem.DENIED, _DENIED, path) from None
    if not exists:
        raise DatabaseError(
            DatabaseProblem.NO_DATABASE,
            f"There is no database file {path.absolute()}.",
            _CORRECT,
        )


def _explained(error: sqlite3.Error, path: Path) -> DatabaseError:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _EXPLANATIONS:  # the other bits are details
        return _told(*_EXPLANATIONS[code & 0xFF], path)
    what = f"The file {path} can't be read: {error}."
    return DatabaseError(DatabaseProblem.OTHER, what, _CORRECT)


def _told(problem: DatabaseProblem, sentences: tuple[str, str], path: Path) -> DatabaseError:
    what, to_do = sentences
    return DatabaseError(problem, what.format(path=path), to_do)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
