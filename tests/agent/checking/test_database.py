"""Which row each trouble with the shop's database belongs to, and what its products are like."""

import pytest

from agent.checking.database import DATABASE, database_rows
from agent.checking.products import Scan, products_row, scan
from agent.checking.row import Mark, Row, Subject
from agent.errors import DatabaseError, DatabaseProblem
from agent.names import Columns
from agent.values import catalog_rows
from tests.agent.checking.fakes import FakeDatabase
from tests.agent.shops import products


def rows_of(database: FakeDatabase) -> list[Row]:
    return list(database_rows(database, lambda: 0.0))


def test_a_database_that_can_be_read_has_a_good_row_for_each_step() -> None:
    rows = rows_of(FakeDatabase(products(3)))
    assert [row.subject for row in rows] == list(DATABASE)
    assert {row.mark for row in rows} == {Mark.OK}
    assert [row.finding for row in rows] == [
        "ODBC Driver 18 for SQL Server",
        "shop-pc (Microsoft SQL Server 16.00.1000)",
        "as the user “till”",
        "dbo.Products can be read",
        "3 products, each with an id of its own",
    ]


@pytest.mark.parametrize(
    ("problem", "blamed"),
    [
        (DatabaseProblem.DRIVER, Subject.DRIVER),
        (DatabaseProblem.UNREACHABLE, Subject.SERVER),
        (DatabaseProblem.ENCRYPTION, Subject.SERVER),
        (DatabaseProblem.OTHER, Subject.SERVER),
        (DatabaseProblem.LOGIN, Subject.LOGIN),
        (DatabaseProblem.NO_DATABASE, Subject.TABLE),
        (DatabaseProblem.DENIED, Subject.TABLE),
    ],
)
def test_a_refused_login_is_blamed_on_the_step_that_it_is_about(
    problem: DatabaseProblem, blamed: Subject
) -> None:
    rows = rows_of(FakeDatabase(login_fails=DatabaseError(problem, "Why.", "Do.")))
    assert rows[-1] == Row(blamed, Mark.FAILED, "Why.", "Do.")
    assert [row.subject for row in rows] == list(DATABASE[: DATABASE.index(blamed) + 1])
    assert {row.mark for row in rows[:-1]} <= {Mark.OK}


def test_without_a_driver_nothing_else_is_tried() -> None:
    error = DatabaseError(DatabaseProblem.DRIVER, "There is none.", "Install one.")
    rows = rows_of(FakeDatabase(driver_fails=error))
    assert rows == [Row(Subject.DRIVER, Mark.FAILED, "There is none.", "Install one.")]


@pytest.mark.parametrize(
    ("before", "blamed"), [(0, Subject.TABLE), (2, Subject.PRODUCTS)], ids=["at once", "between"]
)
def test_trouble_before_the_first_row_is_the_tables_and_later_the_products(
    before: int, blamed: Subject
) -> None:
    error = DatabaseError(DatabaseProblem.LOCKED, "It is locked.", "Wait.")
    rows = rows_of(FakeDatabase(products(before), reading_fails=error))
    assert rows[-1] == Row(blamed, Mark.FAILED, "It is locked.", "Wait.")


def test_an_unsafe_connection_is_a_warning_about_the_server() -> None:
    rows = rows_of(FakeDatabase(doubt=("It isn't encrypted.", "Encrypt it.")))
    assert rows[1] == Row(Subject.SERVER, Mark.WARNING, "It isn't encrypted.", "Encrypt it.")
    assert {row.mark for row in rows[2:]} == {Mark.OK}


def test_an_empty_table_fails() -> None:
    row = rows_of(FakeDatabase(()))[-1]
    assert (row.subject, row.mark) == (Subject.PRODUCTS, Mark.FAILED)
    assert "The table has no rows" in row.finding
    assert "correct `table` in the settings" in row.remedy


@pytest.mark.parametrize(
    ("found", "mark", "words"),
    [
        (Scan(5, 5, 0), Mark.OK, "5 products, each"),
        (Scan(1, 1, 0), Mark.OK, "1 product, each"),
        (Scan(2_000, 2_000, 0, is_whole=False), Mark.OK, "first 2,000 products"),
        (Scan(5, 3, 2), Mark.WARNING, "2 have the id of another one"),
        (Scan(5, 3, 0), Mark.WARNING, "2 can't be sent, all others can"),
        (Scan(5, 0, 0), Mark.FAILED, "None of the 5 products can be sent"),
        (Scan(0, 0, 0), Mark.FAILED, "no rows"),
    ],
)
def test_products_are_described(found: Scan, mark: Mark, words: str) -> None:
    row = products_row(found)
    assert row.mark is mark
    assert words in row.finding
    assert bool(row.remedy) == (mark is not Mark.OK)


def test_a_scan_counts_what_the_function_would_reject() -> None:
    table = [("A", "Tea", "1"), ("A", "Tea", "2"), ("B", "", "1"), ("C", "Milk", None)]
    found = scan(catalog_rows(table, Columns()), lambda: 0.0, 10)
    assert found == Scan(read=4, sendable=1, repeated=1)


def test_a_scan_of_a_large_table_ends_in_time() -> None:
    seconds = iter(range(1_000))
    found = scan(catalog_rows(products(9_999), Columns()), lambda: float(next(seconds)), 3)
    assert not found.is_whole
    assert 1_000 <= found.read < 9_999
