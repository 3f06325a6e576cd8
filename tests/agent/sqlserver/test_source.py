"""Products read from SQL Server through Microsoft's driver and a network connection."""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

import pyodbc  # type: ignore[import-not-found]  # mypy doesn't find its stubs
import pytest

from agent.errors import DatabaseError, DatabaseProblem
from agent.names import Columns, parse_table_name
from agent.sqlserver.session import Session
from agent.sqlserver.source import SqlServerSource
from agent.sqlserver.table import SqlServerTable
from agent.values import catalog_rows
from contract.product import MAX_TEXT
from tests.tds import SqlServerStandIn, Table
from tests.tds.__main__ import SHOP_COLUMNS, products
from tests.tds.places import PLACES, table_in

Serve = Callable[[Table], SqlServerTable]


@pytest.fixture(params=PLACES)
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Return a function that puts a table in one of the places, as the agent reads it."""
    with ExitStack() as stack:
        yield lambda table: stack.enter_context(PLACES[request.param](table))


def shop(*rows: tuple[object, object, object], name: str = "Products") -> Table:
    return Table(name, SHOP_COLUMNS, rows)


def test_values_keep_their_types_digits_and_accents(serve: Serve) -> None:
    placed = serve(shop(("A1", "Café ñ € ½", Decimal("12.50")), ("A2", "Nº 5", Decimal("0.00"))))

    assert list(SqlServerSource(placed).rows()) == [
        ("A1", "Café ñ € ½", Decimal("12.50")),
        ("A2", "Nº 5", Decimal("0.00")),
    ]
    prices = [str(price) for _, _, price in SqlServerSource(placed).rows()]
    assert prices == ["12.50", "0.00"]


def test_nulls_and_negative_prices_are_read_unchanged(serve: Serve) -> None:
    placed = serve(shop((None, None, None), ("A", "", Decimal("-0.01"))))

    assert list(SqlServerSource(placed).rows()) == [
        (None, None, None),
        ("A", "", Decimal("-0.01")),
    ]


@pytest.mark.parametrize(
    ("kind", "stored", "read"),
    [
        ("money", Decimal("3.1"), "3.1000"),
        ("money", Decimal("-922337203685477.5807"), "-922337203685477.5807"),
        ("numeric(9,4)", Decimal("1.2345"), "1.2345"),
        ("decimal(18,0)", Decimal(7), "7"),
        ("float", 0.1, "0.1"),
    ],
)
def test_a_price_of_any_numeric_type_is_an_exact_decimal(
    serve: Serve, kind: str, stored: object, read: str
) -> None:
    placed = serve(Table("T", {"id": "int", "name": "nvarchar(9)", "p": kind}, [(1, "x", stored)]))

    ((_, _, price),) = SqlServerSource(placed).rows()

    assert isinstance(price, Decimal)
    assert str(price) == read


@pytest.mark.parametrize(
    ("kind", "stored", "read"),
    [
        ("int", -5, -5),
        ("bigint", 2**62, 2**62),
        ("tinyint", 255, 255),
        ("bit", True, 1),
        ("nvarchar(20)", "日本 😀", "日本 😀"),
        ("nvarchar(max)", "é" * 4001, "é" * 4001),
        ("varchar(max)", "", ""),
        ("char(4)", "ab", "ab  "),
        ("uniqueidentifier", *["6F9619FF-8B86-D011-B42D-00C04FC964FF"] * 2),
    ],
)
def test_an_id_is_text_or_a_whole_number(
    serve: Serve, kind: str, stored: object, read: object
) -> None:
    columns = {"id": kind, "name": "varchar(9)", "price": "numeric(18,2)"}
    placed = serve(Table("T", columns, [(stored, "x", Decimal(1))]))

    ((product_id, _, _),) = SqlServerSource(placed).rows()

    assert product_id == read
    assert type(product_id) is type(read)


def test_equal_ids_are_adjacent_whatever_the_collation_considers_equal(
    serve: Serve,
) -> None:
    ids = ["b", "a", "A ", "a ", "A", "a", "B", "A", "a "]
    placed = serve(shop(*((product_id, "x", Decimal(1)) for product_id in ids)))

    read = [product_id for product_id, _, _ in SqlServerSource(placed).rows()]

    assert read == [
        "A", "A", "A ", "B", "a", "a", "a ", "a ", "b",
    ]  # fmt: skip


def test_rows_with_one_id_are_always_in_the_same_order(serve: Serve) -> None:
    rows = [("1", name, Decimal(price)) for name in ("tea", "Tea", "té") for price in (3, 1, 2)]

    read = [list(SqlServerSource(serve(shop(*order))).rows()) for order in (rows, rows[::-1])]

    assert read[0] == read[1]
    assert [str(price) for _, _, price in read[0]] == ["1.00", "2.00", "3.00"] * 3


@pytest.mark.parametrize("kind", ["nvarchar(75)", "nchar(9)", "nvarchar(max)"])
@pytest.mark.parametrize("text", ["half \ud83d", "\udc4d", "a\ud800b"])
def test_half_a_character_is_read_as_it_is(serve: Serve, kind: str, text: str) -> None:
    columns = {"id": "int", "name": kind, "price": "money"}
    placed = serve(Table("T", columns, [(1, "x", 1), (2, text, 1), (3, None, 1)]))

    names = [name for _, name, _ in SqlServerSource(placed).rows()]

    assert names == [
        name.ljust(9) if name and kind == "nchar(9)" else name for name in ("x", text, None)
    ]


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (12.34, "12.34"),
        (0.1, "0.1"),
        (1234.56, "1234.56"),
        (99999.99, "99999.99"),
        (16777216.0, "16777216"),
        (16777217.0, "16777216"),
        (1e-5, "0.00001"),
        (1 / 3, "0.33333334"),
        (-7.5, "-7.5"),
        (0.0, "0"),
        (None, "None"),
    ],
)
def test_a_real_has_the_shortest_digits_that_mean_the_same(
    serve: Serve, stored: float | None, read: str
) -> None:
    columns = {"id": "int", "name": "varchar(9)", "price": "real"}
    placed = serve(Table("T", columns, [(1, "x", stored)]))

    ((_, _, price),) = SqlServerSource(placed).rows()

    assert (format(price, "f") if isinstance(price, Decimal) else str(price)) == read


TEN_BYTES = bytes.fromhex("00000000000000000000")


def test_one_value_that_the_driver_cannot_read_rejects_its_own_product(serve: Serve) -> None:
    columns = {"id": "int", "name": "varchar(9)", "price": "sql_variant"}
    values = ["1.50", 7, None, b"raw", "midnight", "2.50"]
    placed = serve(Table("T", columns, [(n, "x", value) for n, value in enumerate(values)]))

    prices = [price for _, _, price in SqlServerSource(placed).rows()]

    assert prices == ["1.50", 7, None, [], [], "2.50"]


def test_a_huge_text_is_cut_so_that_it_is_still_too_long(serve: Serve) -> None:
    pasted = "<p>" * 400_000
    columns = {"id": "nvarchar(max)", "name": "nvarchar(max)", "price": "nvarchar(max)"}
    placed = serve(Table("T", columns, [(pasted, pasted, pasted)]))

    ((product_id, name, price),) = SqlServerSource(placed).rows()

    assert (product_id, name) == (pasted[: MAX_TEXT + 1],) * 2
    assert price == []


class OddCursor:
    """Rows, or what fetching one of them raises."""

    description = ((),) * 3

    def __init__(self, *rows: Sequence[object] | Exception) -> None:
        self._rows = iter(rows)

    def execute(self, _query: str) -> "OddCursor":
        return self

    def fetchone(self) -> Sequence[object] | None:
        row = next(self._rows, None)
        if isinstance(row, Exception):
            raise row
        return row


@pytest.mark.parametrize(
    "error",
    [
        pyodbc.ProgrammingError("ODBC SQL type -77 is not yet supported.  column-index=2", "HY106"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        ValueError("year 0 is out of range"),
        OverflowError("date value out of range"),
    ],
    ids=repr,
)
def test_a_row_that_the_driver_cannot_read_is_rejected_alone(error: Exception) -> None:
    good = (1, "x", Decimal(1))
    session = Session(OddCursor(good, error, good), ("T",))  # type: ignore[arg-type]  # a part of it

    rows = list(catalog_rows(session.rows("SELECT …"), Columns()))

    assert rows == [good, ([], [], []), good]


def test_an_error_that_ends_the_reading_is_not_taken_for_one_of_a_row() -> None:
    cut = pyodbc.OperationalError("08S01", "[08S01] Communication link failure")
    session = Session(OddCursor(cut), ("T",))  # type: ignore[arg-type]  # a part of it

    with pytest.raises(pyodbc.OperationalError):
        list(session.rows("SELECT …"))


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("varbinary(9)", b"x", "binary values"),
        ("datetimeoffset", TEN_BYTES, "values of the type datetimeoffset"),
        ("geography", b"x", "values of the type geography or another one of .NET"),
    ],
)
def test_a_column_that_cannot_be_read_at_all_is_named_with_its_type(
    serve: Serve, place: int, kind: str, value: bytes, words: str
) -> None:
    kinds, row = ["int", "varchar(9)", "money"], [1, "x", Decimal(1)]
    kinds[place], row[place] = kind, value
    table = Table("T", dict(zip(("id", "name", "price"), kinds, strict=True)), [row, row])

    with pytest.raises(DatabaseError, match=f"contains nothing but {words}, which") as caught:
        list(SqlServerSource(serve(table)).rows())

    assert str(caught.value).startswith(f"The column {list(table.columns)[place]} ")


def test_whole_number_ids_are_ordered_as_numbers(serve: Serve) -> None:
    columns = {"id": "int", "name": "varchar(9)", "price": "money"}
    placed = serve(Table("T", columns, [(number, "x", Decimal(1)) for number in (10, 9, 100)]))

    assert [row[0] for row in SqlServerSource(placed).rows()] == [9, 10, 100]


def test_100_000_rows_are_read_in_order_and_never_all_in_memory(serve: Serve) -> None:
    placed = serve(Table("Products", SHOP_COLUMNS, products(100_000)))
    source = SqlServerSource(placed)
    assert source.count() == 100_000

    tracemalloc.start()
    try:
        for read, expected in zip(source.rows(), products(100_000), strict=True):
            assert read == expected
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 10 << 20, "all of them at once would take more than 30 MB"


def test_an_empty_table_has_no_rows(serve: Serve) -> None:
    source = SqlServerSource(serve(shop()))

    assert list(source.rows()) == []
    assert source.count() == 0


def test_a_table_can_be_read_again_after_a_reader_stopped_early(serve: Serve) -> None:
    source = SqlServerSource(serve(Table("Products", SHOP_COLUMNS, products(20_000))))
    rows = source.rows()
    next(rows)
    rows.close()

    assert sum(1 for _ in source.rows()) == 20_000


@pytest.mark.parametrize(
    "name", ["Pro'd\"ucts", "Prod]ucts", "a.b", "x; DROP TABLE y--", "Ñandú 1"]
)
def test_tables_and_columns_may_have_any_name(serve: Serve, name: str) -> None:
    columns = {name: "varchar(9)", "name]": "varchar(9)", "the price": "money"}
    placed = serve(Table(name, columns, [("A", "B", Decimal(1))]))

    rows = list(SqlServerSource(placed).rows())

    assert rows == [("A", "B", Decimal("1.0000"))]


def test_sql_in_a_table_name_is_treated_as_a_missing_table(serve: Serve) -> None:
    placed = serve(shop(("A", "B", Decimal(1))))
    hostile = replace(placed, name=("Products; DROP TABLE Products",))

    with pytest.raises(DatabaseError, match=r"has no table \[Products; DROP TABLE Products\]"):
        list(SqlServerSource(hostile).rows())
    assert SqlServerSource(placed).count() == 1


def test_a_missing_table_is_named_with_those_that_exist(serve: Serve) -> None:
    placed = serve(shop())
    misspelt = tuple(part.replace("Products", "Product") for part in placed.name)

    with pytest.raises(DatabaseError, match=r"Similar names: dbo\.Products") as caught:
        list(SqlServerSource(replace(placed, name=misspelt)).rows())

    assert caught.value.problem is DatabaseProblem.NO_TABLE


def test_missing_columns_are_named_with_those_that_exist(serve: Serve) -> None:
    placed = serve(shop())
    columns = placed.columns._replace(product_name="Name", sell_price="Price")

    with pytest.raises(DatabaseError, match="has no column Name and Price") as caught:
        list(SqlServerSource(replace(placed, columns=columns)).rows())

    assert caught.value.problem is DatabaseProblem.NO_COLUMN
    assert "Its columns: ProductID, ProductName, SellPrice." in str(caught.value)


@pytest.mark.parametrize(
    "written",
    ["Products", "dbo.Products", "[dbo].[Products]", "Shop.dbo.products", "Shop..Products"],
)
def test_a_table_is_found_however_its_name_is_written(written: str) -> None:
    table = shop(("A", "B", Decimal(1)))
    with SqlServerStandIn([table]) as server:
        source = SqlServerSource(replace(table_in(server, table), name=parse_table_name(written)))

        assert [row[0] for row in source.rows()] == ["A"]


def test_a_column_that_is_mapped_twice_is_ordered_by_once() -> None:
    table = shop(("A", "B", Decimal(1)))
    with SqlServerStandIn([table]) as server:
        placed = table_in(server, table)
        columns = placed.columns._replace(product_name="ProductID")
        assert list(SqlServerSource(replace(placed, columns=columns)).rows()) == [("A", "A", 1)]
        order = server.statements[-1].partition(" ORDER BY ")[2]
    assert order == (
        "CAST([ProductID] AS nvarchar(25)) COLLATE Latin1_General_BIN2, DATALENGTH([ProductID]), [SellPrice]"
    )


def test_only_the_three_columns_are_read_in_a_session_that_gives_way() -> None:
    columns = SHOP_COLUMNS | {"QrCode": "varchar(100)", "Status": "int"}
    table = Table("Products", columns, [("A", "B", Decimal(1), "secret", 7)])
    with SqlServerStandIn([table]) as server:
        list(SqlServerSource(table_in(server, table)).rows())

        preparation, types, query = server.statements
        assert preparation == "SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 30000"
        # No view of the catalogue is asked: a login with SELECT alone may not see the table there.
        assert types == "SELECT TOP 0 [ProductID], [ProductName], [SellPrice] FROM [dbo].[Products]"
        assert query == (
            "SELECT [ProductID], [ProductName], [SellPrice] FROM [dbo].[Products] ORDER BY "
            "CAST([ProductID] AS nvarchar(25)) COLLATE Latin1_General_BIN2, DATALENGTH([ProductID]), "
            "CAST([ProductName] AS nvarchar(75)) COLLATE Latin1_General_BIN2, DATALENGTH([ProductName]), "
            "[SellPrice]"
        )
        (login,) = server.logins
    assert login.read_only
    assert login.program == "shopMaster upload"
