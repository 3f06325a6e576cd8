"""The products of a table in SQL Server, read row by row without blocking the tills."""

from collections.abc import Generator

from agent.errors import DatabaseError, DatabaseProblem
from agent.names import quote_bracketed, quote_table
from agent.sqlserver.session import Session, open_session
from agent.sqlserver.table import SqlServerTable, TimeLimits
from agent.values import catalog_row
from contract.product import CatalogRow

_BUSY = {DatabaseProblem.LOCKED, DatabaseProblem.DEADLOCK, DatabaseProblem.NO_ANSWER}
_PATIENCE = TimeLimits()


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
        """Yield every row, ordered by product id.

        Equal ids follow one another, even where the table's collation treats others as equal.
        Raises DatabaseError, before the first row or after any.
        """
        columns = self._table.columns
        with open_session(self._table, self._limits) as session:
            for row in session.rows(self._query(session)):
                yield catalog_row(row, columns)

    def count(self) -> int | None:
        """Return the number of rows, or None if the table is too busy to be counted now.

        Raises DatabaseError for whatever would make `rows` fail.
        """
        query = f"SELECT COUNT_BIG(*) FROM {quote_table(self._table.name)}"  # noqa: S608  quoted
        try:
            with open_session(self._table, self._limits) as session:
                return session.number(query)
        except DatabaseError as error:
            if error.problem in _BUSY:
                return None
            raise

    def _query(self, session: Session) -> str:
        """Return the SELECT.

        Text ids are ordered by Unicode value, so that equal ids are next to each other even where
        the collation treats `a` and `A` as equal. `A` and `A ` are equal even then; their lengths
        separate them.
        """
        columns = [quote_bracketed(name) for name in self._table.columns]
        order = columns[0]
        if _is_text(session.columns(), self._table.columns.product_id):
            unicode = f"CAST({order} AS nvarchar(4000))"
            order = f"{unicode} COLLATE Latin1_General_BIN2, DATALENGTH({order})"
        table = quote_table(self._table.name)
        return f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}"  # noqa: S608  quoted


def _is_text(collations: dict[str, str | None], column: str) -> bool:
    return any(
        collation is not None and name.casefold() == column.casefold()
        for name, collation in collations.items()
    )
