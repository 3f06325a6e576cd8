"""A row as a database returns it, and what the function makes of it in a catalogue."""

from decimal import Decimal

import pytest

from agent.errors import DatabaseError, DatabaseProblem
from agent.names import Columns
from agent.values import catalog_row
from contract.catalog import read_catalog, write_catalog
from contract.product import Product, Rejection, check_product

COLUMNS = Columns("Id", "Name", "Price")


def checked(*row: object) -> Product | Rejection:
    """Return what the function makes of a row that went through a catalogue."""
    (read,) = read_catalog(write_catalog([catalog_row(row, COLUMNS)]))
    return check_product(read, 1)


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


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("value", [b"\x89PNG", bytearray(b"x")])
def test_raw_bytes_are_an_error_that_names_the_column(place: int, value: object) -> None:
    row: list[object] = ["7", "Tea", "1"]
    row[place] = value
    with pytest.raises(DatabaseError, match=f"The column {COLUMNS[place]} contains raw") as caught:
        catalog_row(row, COLUMNS)
    assert caught.value.problem is DatabaseProblem.VALUE
