"""A row as a database returns it, and what the function makes of it in a catalogue."""

from decimal import Decimal

import pytest

from agent.errors import DatabaseError, DatabaseProblem
from agent.names import Columns
from agent.values import Unreadable, catalog_rows
from contract.catalog import read_catalog, write_catalog
from contract.json_text import MAX_VALUE
from contract.product import COLUMNS as CATALOG_COLUMNS
from contract.product import MAX_TEXT, Product, Rejection, check_product

COLUMNS = Columns("Id", "Name", "Price")


def checked(*row: object) -> Product | Rejection:
    """Return what the function makes of a row that went through a catalogue."""
    return both_checked(row, ("1", "Tea", "1.00"))[0]


def both_checked(*rows: tuple[object, ...]) -> list[Product | Rejection]:
    """Return what the function makes of rows that went through one catalogue."""
    read = read_catalog(write_catalog(catalog_rows(rows, COLUMNS)))
    return [check_product(row, number) for number, row in enumerate(read, 1)]


@pytest.mark.parametrize(
    ("product_id", "sent"),
    [
        ("007", "007"),
        (7, 7),
        (True, 1),
        (Decimal(7), 7),
        (Decimal("7.00"), 7),
        (Decimal(12345678901234567890123456789012345678), 12345678901234567890123456789012345678),
    ],
)
def test_an_id_is_text_or_a_whole_number_whatever_its_column_type(
    product_id: object, sent: object
) -> None:
    product = checked(product_id, "Tea", "1.00")
    assert isinstance(product, Product)
    assert product.product_id == sent
    assert type(product.product_id) is type(sent)


@pytest.mark.parametrize(
    ("price", "sent"),
    [
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (12, "12"),
        ("12.50", "12.50"),
        (12.1, "12.1"),
        (1e22, "1" + "0" * 22),
    ],
)
def test_a_price_keeps_its_digits_and_a_float_gets_its_shortest_form(
    price: object, sent: str
) -> None:
    product = checked("1", "Tea", price)
    assert isinstance(product, Product)
    assert product.product_price == sent


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((Decimal("7.5"), "Tea", "1"), "ProductID is not text or a whole number"),
        ((Decimal("NaN"), "Tea", "1"), "ProductID is not text or a whole number"),
        (("7", 3.5, "1"), "ProductName is not text"),
        (("7", Decimal(3), "1"), "ProductName is not text"),
        (("7", 3, "1"), "ProductName is not text"),
        (("7", "Tea", float("inf")), "SellPrice is not a finite number"),
        (("7", "Tea", float("nan")), "SellPrice is not a finite number"),
        (("7", None, "1"), "ProductName is missing"),
    ],
    ids=repr,
)
def test_a_value_that_cannot_be_sent_is_rejected_with_a_reason(
    row: tuple[object, object, object], reason: str
) -> None:
    rejection = checked(*row)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == reason


GEOGRAPHY = Unreadable("values of the type geography")
UNREADABLE = [b"\x89PNG", bytearray(b"x"), GEOGRAPHY]
GOOD = ("7", "Tea", "1")


def with_value(place: int, value: object) -> list[object]:
    row: list[object] = list(GOOD)
    row[place] = value
    return row


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("value", UNREADABLE, ids=repr)
def test_an_unreadable_value_rejects_its_product_and_names_the_column(
    place: int, value: object
) -> None:
    rejection = checked(*with_value(place, value))
    assert isinstance(rejection, Rejection)
    assert rejection.reason.startswith(f"{CATALOG_COLUMNS[place]} is not ")
    assert rejection.product_id == (None if place == 0 else "7")


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(
    ("value", "kind"), [(b"x", "binary values"), (GEOGRAPHY, "values of the type geography")]
)
def test_a_column_of_nothing_else_is_an_error_that_names_it(
    place: int, value: object, kind: str
) -> None:
    rows = [with_value(place, None), with_value(place, value), with_value(place, value)]
    with pytest.raises(DatabaseError) as caught:
        list(catalog_rows(rows, COLUMNS))
    assert caught.value.problem is DatabaseProblem.VALUE
    assert str(caught.value) == (
        f"The column {COLUMNS[place]} contains nothing but {kind}, which can't be sent. "
        "Correct [columns] in the settings."
    )


def test_a_column_without_any_value_is_not_an_error() -> None:
    assert len(list(catalog_rows([(None, None, None)] * 3, COLUMNS))) == 3


PAGE = f"<p>{'Tea ' * MAX_VALUE}</p>"
"""More text than the function reads as a product, as somebody pastes it from a web page."""


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((f"7{PAGE}", "Tea", "1"), "ProductID is longer than 4,000 characters"),
        (("7", PAGE, "1"), "ProductName is longer than 4,000 characters"),
        (("7", "Tea", PAGE), "SellPrice is not a number"),
        ((f"7{PAGE}", PAGE, PAGE), "ProductID is longer than 4,000 characters"),
    ],
    ids=["id", "name", "price", "all"],
)
def test_a_huge_text_rejects_its_own_product_and_leaves_the_catalogue_readable(
    row: tuple[object, object, object], reason: str
) -> None:
    rejection, neighbour = both_checked(row, ("8", "Tea", "1.00"))
    assert isinstance(rejection, Rejection)
    assert rejection.reason == reason
    assert neighbour == Product("8", "Tea", "1.00")


def test_the_beginning_of_an_id_that_is_too_long_is_no_id() -> None:
    longest = "7" * MAX_TEXT
    rejection, neighbour = both_checked((f"{longest}{PAGE}", "Tea", "1"), (longest, "Tea", "1"))
    assert isinstance(rejection, Rejection)
    assert neighbour == Product(longest, "Tea", "1")


@pytest.mark.parametrize(
    "price", [f"12.50{' ' * MAX_TEXT}per box", f"{'0' * MAX_TEXT}{'1' * 2}"], ids=["box", "zeros"]
)
def test_the_beginning_of_a_price_that_is_too_long_is_no_price(price: str) -> None:
    rejection = checked("7", "Tea", price)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "SellPrice is not a number"


@pytest.mark.parametrize(("price", "sent"), [("12.50", "12.50"), ("", None)])
def test_the_spaces_of_a_column_of_a_fixed_width_are_no_part_of_a_price(
    price: str, sent: str | None
) -> None:
    checked_row = checked("7", "Tea", price.ljust(8_000))
    if sent is None:
        assert isinstance(checked_row, Rejection)
        assert checked_row.reason == "SellPrice is missing"
    else:
        assert checked_row == Product("7", "Tea", sent)
