"""The first products of a table, as they would be sent: the owner sees whether the columns are right."""

from collections.abc import Generator, Sequence
from contextlib import closing
from itertools import islice
from typing import cast

from agent.errors import AgentError, EmptyTableError
from agent.export import ProductSource
from agent.showing import shown
from contract.catalog import read_catalog, write_catalog
from contract.product import CatalogRow, Product, check_products

_SHOWN, _LOOKED_AT = 5, 200
_HEADINGS = ("productId", "productName", "productPrice")
_WIDTHS = (24, 36, 14)


def first_products(source: ProductSource) -> list[Product]:
    """Return the first few products that can be sent.

    Raises EmptyTableError for a table without rows, AgentError if none of the first rows can be sent, and
    DatabaseError.
    """
    rows = cast("Generator[CatalogRow, None, None]", source.rows())
    with closing(rows):
        read = list(islice(rows, _LOOKED_AT))
    if not read:
        raise EmptyTableError
    found = []
    why = ""
    for _, checked in check_products(read_catalog(write_catalog(read)), ids_are_unique=True):
        if isinstance(checked, Product):
            found.append(checked)
        else:
            why = why or checked.reason
    if not found:
        raise AgentError(
            f"None of the first {len(read):,} rows is a product that can be sent ({shown(why)}).",
            "Choose another table, or other columns.",
        )
    return found[:_SHOWN]


def shown_products(products: Sequence[Product]) -> str:
    """Return products as a table that fits a terminal."""
    rows = [
        _HEADINGS,
        *((str(each.product_id), each.product_name, each.product_price) for each in products),
    ]
    return "\n".join(
        "  "
        + "  ".join(_cell(text, width) for text, width in zip(row, _WIDTHS, strict=True)).rstrip()
        for row in rows
    )


def _cell(text: str, width: int) -> str:
    return shown(text, width).ljust(width)
