"""The table of products and its columns are guessed by name and type."""

import pytest

from agent.configuring.guessing import candidates, ranked
from agent.names import Columns
from agent.sqlserver.exploring import Column, FoundTable


def table(name: str, /, **columns: str) -> FoundTable:
    return FoundTable(("dbo", name), tuple(Column(each, kind) for each, kind in columns.items()))


SHOPMASTERS = table(
    "Products",
    ProductID="varchar",
    ProductName="varchar",
    SellPrice="numeric",
    QrCode="varchar",
    Status="int",
)


def test_shopmasters_own_table_is_recognised() -> None:
    (guess,) = ranked([SHOPMASTERS])
    assert guess.columns == Columns("ProductID", "ProductName", "SellPrice")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {
                "ItemCode": "nvarchar",
                "Description": "nvarchar",
                "CostPrice": "money",
                "SalePrice": "money",
            },
            ("ItemCode", "Description", "SalePrice"),
        ),
        (
            {"Id": "int", "SKU": "varchar", "Name": "nvarchar", "Price": "decimal"},
            ("SKU", "Name", "Price"),
        ),
        (
            {"Artikel_Nr": "varchar", "Bezeichnung": "nvarchar", "VK": "numeric", "EK": "numeric"},
            ("Artikel_Nr", "Bezeichnung", "VK"),
        ),
        (
            {"Name": "nvarchar", "CategoryName": "nvarchar", "id": "bigint", "unit price": "float"},
            ("id", "Name", "unit price"),
        ),
    ],
)
def test_other_programs_columns_are_recognised(
    columns: dict[str, str], expected: tuple[str, ...]
) -> None:
    (guess,) = ranked([table("T", **columns)])
    assert guess.columns == Columns(*expected)


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"ProductID": "varchar", "ProductName": "varchar"},
        {"ProductID": "varchar", "ProductName": "varchar", "SellPrice": "varbinary"},
        {"ProductID": "int", "ProductName": "int", "SellPrice": "numeric"},
        {"a": "int", "b": "varchar", "c": "money"},
    ],
)
def test_a_table_without_three_fitting_columns_has_no_guess(columns: dict[str, str]) -> None:
    (guess,) = ranked([table("Products", **columns)])
    assert guess.columns is None


def test_the_likeliest_table_comes_first() -> None:
    tables = [
        table("OldProducts", ProductID="varchar", ProductName="varchar", SellPrice="numeric"),
        table("Orders", OrderID="int", CustomerName="varchar", Amount="money"),
        SHOPMASTERS,
        table("ProductGroups", GroupID="int", Name="varchar"),
        table("Users", id="int", name="varchar"),
    ]
    names = [guess.table.name[-1] for guess in ranked(tables)]
    assert names[:2] == ["Products", "OldProducts"]
    assert set(names[2:]) == {"Orders", "ProductGroups", "Users"}


def test_every_column_is_a_candidate_the_likeliest_first() -> None:
    assert candidates(SHOPMASTERS.columns, 2)[0] == "SellPrice"
    assert set(candidates(SHOPMASTERS.columns, 2)) == {
        column.name for column in SHOPMASTERS.columns
    }
