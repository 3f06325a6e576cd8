"""The products of a table in SQL Server, read row by row without blocking the tills."""

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain
from typing import TypeVar

from agent.errors import DatabaseError, DatabaseProblem
from agent.interruptible import interruptible
from agent.names import quote_bracketed, quote_table
from agent.sqlserver.session import Description, Session, open_session
from agent.sqlserver.table import SqlServerTable, TimeLimits
from agent.values import catalog_rows
from contract.product import CatalogRow

T = TypeVar("T")

_BUSY = {DatabaseProblem.LOCKED, DatabaseProblem.DEADLOCK, DatabaseProblem.NO_ANSWER}
_PATIENCE = TimeLimits()
_LONGEST_CHARACTERS, _LONGEST_BYTES = 4000, 8000  # of types that can be compared as text


class SqlServerSource:
    """The three columns of one table, and no others; implements `export.ProductSource`.

    It reads only what is committed (NOLOCK could return prices that never existed), without a
    transaction. In a deadlock it is the one that gives way, and it waits for another program's lock,
    or for an answer, no longer than `limits` say.
    """

    def __init__(self, table: SqlServerTable, limits: TimeLimits = _PATIENCE) -> None:
        """Take what to read; nothing is connected yet."""
        self._table = table
        self._limits = limits

    def rows(self) -> Generator[CatalogRow, None, None]:
        """Yield every row, ordered by product id, then by name and price.

        Equal ids follow one another, even where the table's collation treats others as equal.
        Raises DatabaseError, before the first row or after any.
        """

        def read(session: Session) -> Iterator[CatalogRow]:
            return catalog_rows(session.rows(self._query(session)), self._table.columns)

        return self._in_session(read, self._limits)

    def count(self) -> int | None:
        """Return the number of rows, or None if the table is too busy to be counted now.

        Raises DatabaseError for whatever would make `rows` fail.
        """
        query = f"SELECT COUNT_BIG(*) FROM {quote_table(self._table.name)}"  # noqa: S608  quoted
        try:
            (number,) = self._in_session(
                lambda session: [session.number(query)], self._limits.for_counting
            )
        except DatabaseError as error:
            if error.problem in _BUSY:
                return None
            raise
        return number

    def _in_session(
        self, work: Callable[[Session], Iterable[T]], limits: TimeLimits
    ) -> Generator[T, None, None]:
        """Yield what `work` yields, while another thread waits for the server."""

        def produce() -> Generator[T, None, None]:
            with open_session(self._table, limits) as session:
                yield from work(session)

        return interruptible(produce)

    def _query(self, session: Session) -> str:
        """Return the SELECT.

        Equal ids are next to each other, and in the same order each time: a dry run and an upload
        name the same price.
        """
        names = [quote_bracketed(name) for name in self._table.columns]
        columns, table = ", ".join(names), quote_table(self._table.name)
        described = session.described(self._table.columns)
        # One column may be mapped twice, but ordered by only once.
        unique = dict.fromkeys(chain.from_iterable(map(_sort_keys, names, described)))
        keys = ", ".join(unique)
        return f"SELECT {columns} FROM {table}" + (f" ORDER BY {keys}" if keys else "")  # noqa: S608  quoted


def _sort_keys(column: str, described: Description) -> list[str]:
    """Return what a column is ordered by; nothing if its values can't be compared.

    Text is ordered by Unicode value, so that equal ids are next to each other even where the collation
    treats `a` and `A` as equal. `A` and `A ` are equal even then; their lengths separate them.
    """
    size = described.size
    if described.kind is bytearray:  # also sql_variant and datetimeoffset, which can be cast
        if not 0 < size <= _LONGEST_BYTES:
            return []
        size = _LONGEST_CHARACTERS
    elif described.kind is not str:
        return [column]
    elif not 0 < size <= _LONGEST_CHARACTERS:
        size = _LONGEST_CHARACTERS
    unicode = f"CAST({column} AS nvarchar({size}))"
    return [f"{unicode} COLLATE Latin1_General_BIN2", f"DATALENGTH({column})"]
