"""Products read from a SQLite file, with the decimals that the price column declares."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import sqlite
from agent.errors import DatabaseError, DatabaseProblem
from agent.names import Columns
from agent.sqlite import SqliteSource, SqliteTable
from contract.product import COLUMNS, MAX_TEXT, CatalogRow

Make = Callable[..., SqliteTable]

SHOP = "ProductID VARCHAR(25), ProductName VARCHAR(75), SellPrice NUMERIC(18,2), Status INT"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that creates a database with one table, as the agent reads it."""

    def make_table(*rows: tuple[object, ...], columns: str = SHOP) -> SqliteTable:
        path = tmp_path / "my shop #1%.db"  # characters that a URI must escape
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(f"CREATE TABLE Products ({columns})")
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                database.executemany(f"INSERT INTO Products VALUES ({marks})", rows)
        return SqliteTable(path, "Products", Columns())

    return make_table


def read(table: SqliteTable) -> list[CatalogRow]:
    return list(SqliteSource(table).rows())


def failure(table: SqliteTable) -> DatabaseError:
    with pytest.raises(DatabaseError) as caught:
        read(table)
    return caught.value


def test_the_three_columns_are_read_in_order_of_the_ids(make: Make) -> None:
    table = make(("b", "Té", "1.5", 1), ("a", "x", 12.5, 0), ("A", None, None, 0), ("a", "y", 7, 0))

    assert read(table) == [
        ("A", None, None),
        ("a", "x", Decimal("12.50")),
        ("a", "y", Decimal("7.00")),
        ("b", "Té", Decimal("1.50")),
    ]
    assert [str(price) for _, _, price in read(table)] == ["None", "12.50", "7.00", "1.50"]
    assert SqliteSource(table).count() == 4


@pytest.mark.parametrize(
    ("declared", "stored", "price"),
    [
        ("NUMERIC(18,2)", 12.345, "Decimal('12.345')"),
        ("DECIMAL( 18,4 )", 0.1, "Decimal('0.1000')"),
        ("NUMERIC(18,2)", 1e20, "Decimal('100000000000000000000.00')"),
        ("NUMERIC(18,2)", 1e-7, "Decimal('1E-7')"),
        ("NUMERIC(18,2)", float("inf"), "Decimal('Infinity')"),
        ("REAL", 12.5, "Decimal('12.5')"),
        ("REAL", 12, "Decimal('12.0')"),
        ("INTEGER", 12, "12"),
        ("TEXT", "12.50", "'12.50'"),
        ("NUMERIC(18,2)", "cheap", "'cheap'"),
        ("", 0.1, "Decimal('0.1')"),
    ],
)
def test_a_price_has_the_decimals_its_column_declares_and_loses_no_digit(
    make: Make, declared: str, stored: object, price: str
) -> None:
    table = make(("1", "x", stored), columns=f"ProductID, ProductName, SellPrice {declared}")

    ((_, _, read_price),) = read(table)

    assert repr(read_price) == price


@given(st.integers(-(10**14), 10**14))
def test_a_price_with_two_decimals_survives_sqlites_floats(cents: int) -> None:
    price = Decimal(cents).scaleb(-2)

    assert str(sqlite._decimals("NUMERIC(18,2)")(Decimal(repr(float(price))))) in {
        str(price),
        str(price).replace("-0.00", "0.00"),
    }


def test_ids_stay_whole_numbers(make: Make) -> None:
    table = make((10, "x", 1), (9, "y", 2), columns="ProductID INTEGER, ProductName, SellPrice")

    assert read(table) == [(9, "y", 2), (10, "x", 1)]


def test_100_000_rows_are_read_in_order(make: Make) -> None:
    table = make(*((f"P{row:06d}", "x", 1, 0) for row in reversed(range(100_000))))

    ids = [row[0] for row in SqliteSource(table).rows()]

    assert ids == [f"P{row:06d}" for row in range(100_000)]


def test_names_may_contain_quotes(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute('CREATE TABLE "Pro\'d""ucts.x" ("a""b", [n m], p)')
        database.execute('INSERT INTO "Pro\'d""ucts.x" VALUES (1, 2, 3)')

    columns = Columns('a"b', "n m", "P")
    assert read(SqliteTable(path, "Pro'd\"ucts.x", columns)) == [(1, 2, 3)]


def test_a_missing_file_is_named_and_not_created(tmp_path: Path) -> None:
    error = failure(SqliteTable(tmp_path / "none.db", "Products", Columns()))

    assert error.problem is DatabaseProblem.NO_DATABASE
    assert "none.db" in str(error)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_a_database_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_text("ProductID;ProductName;SellPrice\n" * 100, encoding="utf-8")

    assert "is not a SQLite database" in str(failure(SqliteTable(path, "Products", Columns())))


def test_a_missing_table_is_named_with_those_that_exist(make: Make) -> None:
    error = failure(replace(make(), name="dbo.Product"))

    assert error.problem is DatabaseProblem.NO_TABLE
    assert "no table “dbo.Product”. Similar names: Products." in str(error)


def test_missing_columns_are_named_with_those_that_exist(make: Make) -> None:
    error = failure(replace(make(), columns=Columns(product_name="Name", sell_price="Price")))

    assert error.problem is DatabaseProblem.NO_COLUMN
    assert "has no column Name and Price. Its columns: ProductID, ProductName, SellPrice" in str(
        error
    )


def test_a_column_of_nothing_but_binary_values_is_an_error_that_names_it(make: Make) -> None:
    error = failure(make(("1", b"\x89PNG", 1, 0)))

    assert error.problem is DatabaseProblem.VALUE
    assert "The column ProductName contains nothing but binary values" in str(error)


def test_names_with_odd_spaces_are_shown_in_brackets(make: Make) -> None:
    error = failure(make(columns='" ProductID" TEXT, "Product  Name" TEXT, SellPrice\u00a0 INT'))

    assert "[ ProductID], [Product  Name], [SellPrice\u00a0]" in str(error)


@pytest.mark.parametrize("value", ["x'89504e47'", "CAST(x'436166e9' AS TEXT)", "zeroblob(9)"])
@pytest.mark.parametrize("column", ["ProductID", "ProductName", "SellPrice"])
def test_one_value_that_is_no_text_rejects_its_own_product(
    make: Make, column: str, value: str
) -> None:
    table = make(("1", "x", 1, 0), ("2", "y", 2, 0), ("3", "z", 3, 0))
    with closing(sqlite3.connect(table.path)) as database, database:
        database.execute(f"UPDATE Products SET {column} = {value} WHERE ProductID = '2'")

    read = list(SqliteSource(table).rows())

    ids = {row.product_id for row in read if row.product_id}
    assert ids == ({"1", "3"} if column == "ProductID" else {"1", "2", "3"})
    assert [row[COLUMNS.index(column)] for row in read].count([]) == 1


def test_a_huge_text_is_cut_so_that_it_is_still_too_long(make: Make) -> None:
    pasted = "<p>" * 400_000
    (row,) = read(make((pasted, pasted, pasted, 0)))
    assert (row.product_id, row.product_name) == (pasted[: MAX_TEXT + 1],) * 2
    assert row.sell_price == []


def test_rows_with_one_id_are_always_in_the_same_order(make: Make) -> None:
    table = make(("1", "b", 2, 0), ("1", "a", 3, 0), ("1", "b", 1, 0), ("1", "a", 1, 0))

    read = [(row.product_name, row.sell_price) for row in SqliteSource(table).rows()]

    assert read == [("a", 1), ("a", 3), ("b", 1), ("b", 2)]


def test_a_locked_file_is_reported(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_LOCK_SECONDS", 0)
    table = make()
    with closing(sqlite3.connect(table.path)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert failure(table).problem is DatabaseProblem.LOCKED


def test_the_file_is_opened_read_only(make: Make) -> None:
    uri = sqlite._uri(make(("1", "x", 1, 0)).path)

    with (
        closing(sqlite3.connect(uri, uri=True)) as database,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        database.execute("DELETE FROM Products")


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("/shop/my shop.db", "file:///shop/my%20shop.db?mode=ro"),
        ("/shop/50%#?.db", "file:///shop/50%25%23%3F.db?mode=ro"),
    ],
)
def test_a_path_is_escaped_in_the_uri(path: str, uri: str) -> None:
    assert sqlite._uri(Path(path)).endswith(uri.removeprefix("file://"))
