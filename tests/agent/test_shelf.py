"""What is put on a shelf is found again, in the part that its id is always in."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.shelf import PARTS, Shelf
from contract.product import Product

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
Products = st.lists(
    st.builds(Product, st.one_of(st.integers(-(10**99), 10**99), TEXT), TEXT, st.just("12.50"))
)


@given(st.lists(Products), st.lists(Products))
def test_everything_is_found_once_and_in_its_order_with_others_in_the_same_file(
    mine: list[list[Product]], others: list[list[Product]]
) -> None:
    file = io.BytesIO()
    shelf, other = Shelf(file), Shelf(file)
    for number in range(max(len(mine), len(others))):
        shelf.put(iter(mine[number] if number < len(mine) else []))
        other.put(others[number] if number < len(others) else [])
    put = [product for some in mine for product in some]
    found = [list(shelf.products(part)) for part in range(PARTS)]
    by_part = [list(filter(part.__contains__, put)) for part in found]
    assert found == by_part
    assert sum(map(len, found)) == len(put)
    assert shelf.is_empty is not bool(put)


@given(Products)
def test_an_id_is_in_the_same_part_of_every_shelf(products: list[Product]) -> None:
    first, second = Shelf(io.BytesIO()), Shelf(io.BytesIO())
    first.put(products)
    second.put([Product(each.product_id, "another", "1") for each in reversed(products)])
    for part in range(PARTS):
        ids = {each.product_id for each in first.products(part)}
        assert ids == {each.product_id for each in second.products(part)}


@pytest.mark.parametrize("step", [1, 7, 64, 1_000_000])
def test_all_parts_are_about_as_large(step: int) -> None:
    shelf = Shelf(io.BytesIO())
    shelf.put(Product(number * step, "Tea", "1.50") for number in range(100 * PARTS))
    assert max(sum(1 for _ in shelf.products(part)) for part in range(PARTS)) < 200
