"""The demo's shop: a table of products in SQLite."""

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

PRODUCTS = 1_000

BAD_ROWS = {217: "has no price", 500: "has no name", 783: "has a negative price"}
"""The rows that can't be sent, on purpose, by their position counted from 1."""

_KINDS: tuple[str, ...] = (
    "Basmati Rice",
    "Olive Oil",
    "Ground Coffee",
    "Black Tea",
    "Peanut Butter",
    "Corn Flakes",
)
_KINDS += (
    "Tomato Soup",
    "Dish Soap",
    "Toothpaste",
    "Orange Juice",
    "Dark Chocolate",
    "Oat Biscuits",
)
_BRANDS = (
    "Amber Farm",
    "Blue Harbour",
    "Casa Verde",
    "Daily Best",
    "Everyday",
    "Fair Fields",
    "Golden",
)
_SIZES: tuple[str, ...] = (
    "100 g",
    "250 g",
    "330 ml",
    "500 g",
    "750 ml",
    "1 kg",
    "1.5 l",
    "2 kg",
    "pack of 4",
    "pack of 6",
)
_SIZES += ("pack of 10", "family size")


def make_shop(database: Path) -> dict[str, tuple[str, str]]:
    """Create the shop's table.

    Return the names and prices, by product id, of the products that can be sent.
    """
    rows = [_row(number) for number in range(1, PRODUCTS + 1)]
    with closing(sqlite3.connect(database)) as connection, connection:
        # The price is text because SQLite would turn the number 12.50 into 12.5.
        connection.execute(
            "CREATE TABLE Products (ProductID VARCHAR(25), ProductName VARCHAR(75), SellPrice TEXT,"
            " QrCode VARCHAR(100), Status INT)"
        )
        connection.executemany("INSERT INTO Products VALUES (?, ?, ?, ?, ?)", rows)
    return {
        product_id: (name, price)
        for place, (product_id, name, price, _, _) in enumerate(rows, start=1)
        if price is not None and place not in BAD_ROWS
    }


def _row(number: int) -> tuple[str, str, str | None, str, int]:
    product_id = f"P{number:05}"
    price: str | None = f"{(number * 37) % 4_000 / 20 + 0.5:.2f}"
    name = _name(number)
    match BAD_ROWS.get(number):
        case "has no price":
            price = None
        case "has no name":
            name = "   "
        case "has a negative price":
            price = f"-{price}"
    return product_id, name, price, f"https://example.com/p/{product_id}", number % 2


def _name(number: int) -> str:
    combinations = itertools.product(_BRANDS, _KINDS, _SIZES)
    brand, kind, size = next(itertools.islice(combinations, number % 1_008, None))
    return f"{brand} {kind} {size}"
