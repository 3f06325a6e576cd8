"""Two catalogues compared: every product is in exactly one group, and the guard's share is right."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.changes import EXAMPLES, Change, Kind
from agent.comparing import compare
from contract.product import Product


def product(product_id: str | int, name: str = "Tea", price: str = "1.50") -> Product:
    return Product(product_id, name, price)


def catalogs() -> st.SearchStrategy[list[Product]]:
    """Make catalogues in any order, with few ids, names and prices, so that two of them overlap."""
    ids = st.one_of(
        st.integers(-3, 12), st.sampled_from(["", "1", "A", "A ", "a", "é", "\U0001f375"])
    )
    prices = st.sampled_from(["1", "1.0", "1.00", "2", "0", "0.00", "12.50"])
    rows = st.dictionaries(ids, st.tuples(st.sampled_from(["Tea", "tea", "Té"]), prices))
    return rows.map(lambda found: [Product(key, *rest) for key, rest in found.items()])


def place(product_id: str | int) -> tuple[bool, str | int]:
    """Say where an example stands among the others: numbers first."""
    return isinstance(product_id, str), product_id


def kind_of(before: Product | None, now: Product | None) -> Kind:
    """Say the same as `compare`, product by product, in the plainest way."""
    if before is None:
        return Kind.NEW
    if now is None:
        return Kind.GONE
    if Decimal(before.product_price) != Decimal(now.product_price):
        return Kind.REPRICED
    return Kind.UNCHANGED if before.product_name == now.product_name else Kind.RENAMED


@given(catalogs(), catalogs())
def test_the_comparison_finds_what_dictionaries_find_with_the_first_ids_as_examples(
    before: list[Product], now: list[Product]
) -> None:
    old = {each.product_id: each for each in before}
    new = {each.product_id: each for each in now}
    expected: dict[Kind, list[Change]] = {kind: [] for kind in Kind}
    for key in sorted(old.keys() | new.keys(), key=place):
        change = Change(old.get(key), new.get(key))
        expected[kind_of(change.before, change.now)].append(change)
    changes = compare(before, now)
    assert changes.counts == {kind: len(found) for kind, found in expected.items()}
    assert changes.examples == {kind: tuple(each[:EXAMPLES]) for kind, each in expected.items()}


@given(catalogs(), catalogs())
def test_every_product_counts_once(before: list[Product], now: list[Product]) -> None:
    changes = compare(before, now)
    assert changes.before == len(before)
    assert sum(changes.counts.values()) - changes.counts[Kind.GONE] == len(now)
    assert 0 <= changes.share <= 1


@given(catalogs())
def test_a_catalogue_does_not_differ_from_itself(catalog: list[Product]) -> None:
    changes = compare(catalog, catalog)
    assert changes.counts[Kind.UNCHANGED] == len(catalog)
    assert changes.share == 0


@given(catalogs(), catalogs())
def test_what_is_new_one_way_is_gone_the_other(before: list[Product], now: list[Product]) -> None:
    there, back = compare(before, now).counts, compare(now, before).counts
    assert (there[Kind.NEW], there[Kind.GONE]) == (back[Kind.GONE], back[Kind.NEW])
    assert there[Kind.REPRICED] == back[Kind.REPRICED]


def test_an_id_that_became_text_is_another_id() -> None:
    changes = compare([product(7)], [product("7")])
    assert (changes.counts[Kind.GONE], changes.counts[Kind.NEW]) == (1, 1)


@pytest.mark.parametrize(
    ("gone", "repriced", "total", "limit", "is_more"),
    [
        (3, 0, 10, 0.3, False),
        (29, 0, 100, 0.29, False),
        (2, 2, 10, 0.3, True),
        (0, 4, 10, 0.3, True),
        (0, 1, 3, 0.3, True),
        (0, 0, 10, 0.0, False),
        (1, 0, 10, 0.0, True),
        (10, 0, 10, 1.0, False),
    ],
)
def test_the_share_is_of_the_products_there_were(
    gone: int, repriced: int, total: int, limit: float, is_more: bool
) -> None:
    before = [product(number) for number in range(total)]
    now = [product(each.product_id, price="9") for each in before[gone : gone + repriced]]
    now += [*before[gone + repriced :], *(product(f"new {number:04}") for number in range(1_000))]
    changes = compare(before, now)
    assert changes.doubtful == gone + repriced
    assert (changes.share > limit) is is_more


def test_a_first_catalogue_has_no_share() -> None:
    assert compare([], [product(1)]).share == 0


def test_an_id_that_comes_twice_is_new_the_second_time() -> None:
    changes = compare([product("A")], [product("A"), product("A", price="2")])
    assert (changes.counts[Kind.UNCHANGED], changes.counts[Kind.NEW]) == (1, 1)
