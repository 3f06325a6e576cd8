"""The fixtures of the questions' tests: a SQL Server with three tables, and settings with nothing in them."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from agent.configuring.draft import Draft
from tests.tds import SqlServerStandIn, Table

PRODUCTS = Table(
    "Products",
    {
        "ProductID": "varchar(25)",
        "ProductName": "varchar(75)",
        "SellPrice": "numeric(18,2)",
        "CostPrice": "numeric(18,2)",
    },
    [(f"P{number}", f"Café {number}", Decimal("12.50"), Decimal("7.10")) for number in range(7)],
)
ORDERS = Table("Orders", {"OrderID": "int", "Amount": "money"}, [(1, Decimal(5))])
EMPTY = Table("Empty", {"ProductID": "int", "ProductName": "varchar(9)", "SellPrice": "money"})


@pytest.fixture
def server() -> Iterator[SqlServerStandIn]:
    with SqlServerStandIn([ORDERS, PRODUCTS, EMPTY]) as stand_in:
        yield stand_in


@pytest.fixture
def empty(tmp_path: Path) -> Draft:
    return Draft({}, tmp_path / "shopmaster.toml")
