"""Checks the shop's database: the driver, the server, the login, the table, and every product in it."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import chain
from typing import Protocol

from agent.checking.products import products_row, scan
from agent.checking.row import Row, Subject, failed, ok, warning
from agent.errors import DatabaseError, DatabaseProblem
from contract.product import CatalogRow

DATABASE = (Subject.DRIVER, Subject.SERVER, Subject.LOGIN, Subject.TABLE, Subject.PRODUCTS)

_READING_SECONDS = 15.0
"""How long products are read: a larger table is not read to its end."""

_SUBJECTS = {
    DatabaseProblem.DRIVER: Subject.DRIVER,
    DatabaseProblem.LOGIN: Subject.LOGIN,
    DatabaseProblem.NO_DATABASE: Subject.TABLE,
    DatabaseProblem.DENIED: Subject.TABLE,
}
"""Which thing a problem during the login is about; the server, if it isn't one of these."""


class Database(Protocol):
    """A table of products, and the way to it in the words that are shown if it is open."""

    @property
    def server(self) -> str:
        """Where it is."""

    @property
    def doubt(self) -> tuple[str, str] | None:
        """Why the way to it isn't safe, and what to do about that."""

    @property
    def account(self) -> str:
        """Who logs in."""

    @property
    def table(self) -> str:
        """What is read."""

    def driver(self) -> str:
        """Return the name of the driver that is used; raises DatabaseError."""

    def log_in(self) -> str:
        """Log in and out again, and return what the server says that it is; raises DatabaseError."""

    def rows(self) -> Generator[CatalogRow, None, None]:
        """Yield every row, ordered by product id; raises DatabaseError before the first or after any."""


def database_rows(database: Database, monotonic: Callable[[], float]) -> Iterator[Row]:
    """Yield the rows about a database, up to the first that failed."""
    try:
        driver = database.driver()
    except DatabaseError as error:
        yield failed(Subject.DRIVER, error)
        return
    way = {Subject.DRIVER: driver, Subject.SERVER: database.server, Subject.LOGIN: database.account}
    try:
        product = database.log_in()
    except DatabaseError as error:
        blamed = _SUBJECTS.get(error.problem, Subject.SERVER)
        yield from (ok(*step) for step in way.items() if _is_before(step[0], blamed))
        yield failed(blamed, error)
        return
    if product:
        way[Subject.SERVER] += f" ({product})"
    doubt = database.doubt
    for subject, finding in way.items():
        if subject is Subject.SERVER and doubt is not None:
            yield warning(subject, *doubt)
        else:
            yield ok(subject, finding)
    with closing(database.rows()) as rows:
        yield from _reading(rows, database.table, monotonic)


def _is_before(subject: Subject, other: Subject) -> bool:
    return DATABASE.index(subject) < DATABASE.index(other)


def _reading(
    rows: Iterator[CatalogRow], table: str, monotonic: Callable[[], float]
) -> Iterator[Row]:
    try:
        first = next(rows, None)
    except DatabaseError as error:
        yield failed(Subject.TABLE, error)
        return
    yield ok(Subject.TABLE, f"{table} can be read")
    found = [first] if first is not None else []
    try:
        yield products_row(scan(chain(found, rows), monotonic, _READING_SECONDS))
    except DatabaseError as error:
        yield failed(Subject.PRODUCTS, error)
