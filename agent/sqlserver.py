"""The products of a table in SQL Server, read row by row and in nobody's way."""

from collections.abc import Callable, Generator
from typing import TypeVar

from agent.errors import DatabaseError, DatabaseProblem, SettingsError
from agent.names import parse_column_name, parse_table_name, quote_bracketed, quote_table
from agent.sqlserver_login import SqlServerOptions, TimeLimits
from agent.sqlserver_session import Session, Target, open_session
from agent.values import PlainValue, plain_value

__all__ = ["SqlServerOptions", "SqlServerSource", "TimeLimits"]

_BUSY = {DatabaseProblem.LOCKED, DatabaseProblem.DEADLOCK, DatabaseProblem.NO_ANSWER}
_PATIENCE = TimeLimits()

_Parsed = TypeVar("_Parsed")


class SqlServerSource:
    """The three columns of one table, and no others.

    It reads what is committed and nothing else (NOLOCK could hand out prices that never were), in
    no transaction of its own. It is the first to give way in a deadlock, and waits for another
    program's lock, or for an answer, no longer than `limits` say.
    """

    def __init__(self, options: SqlServerOptions, limits: TimeLimits = _PATIENCE) -> None:
        """Take what to read; nothing is connected yet. Raises SettingsError for what can't be a name."""
        columns = {
            "product_id": options.product_id,
            "product_name": options.product_name,
            "sell_price": options.sell_price,
        }
        self._target = Target(
            options=options,
            limits=limits,
            table=_parsed("`table`", options.table, parse_table_name),
            columns=tuple(
                _parsed(f"`{key}` in [columns]", text, parse_column_name)
                for key, text in columns.items()
            ),
        )

    def rows(self) -> Generator[tuple[PlainValue, PlainValue, PlainValue], None, None]:
        """Give (product id, product name, price) of every row, ordered by product id.

        Equal ids follow one another, even where the table's collation takes others for the same.
        Raises DatabaseError, before the first row or after any.
        """
        product_id, product_name, sell_price = self._target.columns
        with open_session(self._target) as session:
            for row in session.rows(self._query(session)):
                yield (
                    plain_value(row[0], product_id),
                    plain_value(row[1], product_name),
                    plain_value(row[2], sell_price),
                )

    def count(self) -> int | None:
        """Give how many rows there are; None if the table is too busy to be counted now.

        Raises DatabaseError for what would keep `rows` from reading it, too.
        """
        try:
            with open_session(self._target) as session:
                return session.number(f"SELECT COUNT_BIG(*) FROM {quote_table(self._target.table)}")  # noqa: S608  quoted
        except DatabaseError as error:
            if error.problem in _BUSY:
                return None
            raise

    def _query(self, session: Session) -> str:
        """Give the SELECT. Ids of text are ordered by their characters' Unicode, so that `a` and `A` don't mix.

        Even then `A` and `A ` are equal to SQL Server; their lengths keep them apart.
        """
        columns = [quote_bracketed(name) for name in self._target.columns]
        order = columns[0]
        if _is_text(session.columns(), self._target.columns[0]):
            unicode = f"CAST({order} AS nvarchar(4000))"
            order = f"{unicode} COLLATE Latin1_General_BIN2, DATALENGTH({order})"
        table = quote_table(self._target.table)
        return f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}"  # noqa: S608  quoted


def _is_text(collations: dict[str, str | None], column: str) -> bool:
    return any(
        collation is not None and name.casefold() == column.casefold()
        for name, collation in collations.items()
    )


def _parsed(place: str, text: str, parse: Callable[[str], _Parsed]) -> _Parsed:
    try:
        return parse(text)
    except ValueError as invalid:
        raise SettingsError(f"The setting {place} {invalid}: {text}") from None
