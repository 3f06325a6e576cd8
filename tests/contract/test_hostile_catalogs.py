"""Catalogues with one hostile value: too deep, too long, or repeated too often."""

import itertools
from collections.abc import Iterator

import pytest

from contract.compression import CatalogError
from contract.json_text import MAX_VALUE
from contract.product import Product, Rejection, check_product
from tests.contract.catalogs import BLOCK, GOOD, Counted, ends_in, memory_of, outcomes, row

DEEP = 10_000_000


def deep(before: str, opening: str) -> Iterator[bytes]:
    """Yield `before`, and then `opening` ten million times."""
    yield before.encode()
    many = 100_000 // len(opening)
    for _ in range(DEEP // many):
        yield (opening * many).encode()


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":', '{"a":['])
@pytest.mark.parametrize(
    "before",
    [
        *["", "[", '{"products": ', '{"products": [', "{}\n", f"[{GOOD}, "],
        *['[{"ProductID": ', '[{"x": ', '{"x": ', '{"SellPrice": 1, "x": ', f'{GOOD}\n{{"x": '],
        '{"products": [], "x": ',
    ],
)
def test_nesting_ten_million_deep_is_refused_wherever_it_is(before: str, opening: str) -> None:
    blocks = Counted(deep(before, opening))
    assert ends_in(blocks).reason in {
        "it is nested too deep",
        "a product in { } was expected",
        "a key in double quotes was expected",
    }
    assert blocks.taken < 2 * BLOCK


@pytest.mark.parametrize("depth", [10, 100])
def test_nesting_that_a_shop_might_have_is_read(depth: int) -> None:
    nested = '{"a": [' * depth + "]}" * depth
    assert outcomes(f'[{{"x": {nested}, {GOOD[1:]}]') == [Product("A1", "Tea", "12.50")]


@pytest.mark.parametrize(
    "before",
    ['[{"ProductName": "', '{"x": "', '{"', '{"products": [], "x": "', '{"products": [{"', "{}\n{"],
)
def test_endless_text_is_refused_where_it_begins(before: str) -> None:
    text = before if before.endswith('"') else before + '"'
    blocks = Counted(itertools.chain([text.encode()], itertools.repeat(b"x" * BLOCK)))
    error = ends_in(blocks)
    assert error.reason == f"a single value is longer than {MAX_VALUE:,} characters"
    assert blocks.taken <= 2 * BLOCK


@pytest.mark.parametrize(
    ("before", "endless"),
    [
        ('[{"x": ', "1"),
        ('[{"x": 0.', "1"),
        ('{"x": ', "12"),
        ('{"x": [', "[],"),
        ('[{"x": {', '"":1,'),
    ],
)
def test_an_endless_value_is_refused(before: str, endless: str) -> None:
    block = (endless * BLOCK)[:BLOCK].encode()
    blocks = Counted(itertools.chain([before.encode()], itertools.repeat(block)))
    assert "a single value is longer" in ends_in(blocks).reason
    assert blocks.taken <= 2 * BLOCK


@pytest.mark.parametrize("size", [1 << 14, 1 << 20, 8 << 20])
@pytest.mark.parametrize(("length", "fits"), [(MAX_VALUE, True), (MAX_VALUE + 1, False)])
def test_the_longest_allowed_value_is_the_same_however_it_arrives(
    length: int, size: int, fits: bool
) -> None:
    product = GOOD[:-1] + ', "x": "' + "x" * (length - len(GOOD) - 9) + '"}'
    for text in (f"[{product}]", f'{{"products": [{product}]}}', f"{{}}\n{product}"):
        if fits:
            assert outcomes(text, [size])[-1] == Product("A1", "Tea", "12.50")
        else:
            with pytest.raises(CatalogError, match="a single value is longer"):
                outcomes(text, [size])


@pytest.mark.parametrize("digits", [101, 5_000, 1_000_000])
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("number", ["{}", "-{}", "0.{}", "{}.5", "{}e5", "1e{}", "1e-{}", "{}E+9"])
def test_a_number_of_a_million_digits_rejects_only_its_product(
    number: str, quote: str, digits: int
) -> None:
    price = quote + number.format("9" * digits) + quote
    bad = f'{{"ProductID": 1, "ProductName": "Pie", "SellPrice": {price}}}'
    rejected, other = outcomes(f"[{bad}, {GOOD}]")
    assert isinstance(rejected, Rejection)
    assert rejected.reason.startswith("SellPrice ")
    assert len(rejected.reason) < 100
    assert other == Product("A1", "Tea", "12.50")


@pytest.mark.parametrize("price", ["9{}e", "{}.{}.", "{} 1", "-{}x", ".{}e+", "{0}{0}\u0663"])
def test_a_long_price_that_is_almost_a_number_is_rejected_at_once(price: str) -> None:
    (rejected,) = [check_product(row(price=price.format(*["9" * 400_000] * 2)), 1)]
    assert isinstance(rejected, Rejection)
    assert rejected.reason == "SellPrice is not a number"


@pytest.mark.parametrize("digits", [101, 5_000, 1_000_000])
@pytest.mark.parametrize("product_id", ["{}", "-{}", "0.{}", '"{}"'])
def test_an_id_of_a_million_digits_is_rejected_and_shortened(product_id: str, digits: int) -> None:
    bad = product_id.format("9" * digits)
    first, other = outcomes(f'[{{"ProductID": {bad}, "ProductName": "P", "SellPrice": 1}}, {GOOD}]')
    if bad.startswith('"') and digits == 101:
        assert isinstance(first, Product)
    else:
        assert isinstance(first, Rejection)
        assert len(first.product_id or "") <= 100
    assert other == Product("A1", "Tea", "12.50")


def test_many_keys_are_read_in_bounded_memory() -> None:
    keys = (b'"%d": [%d],' % (number, number) for number in range(50_000))
    count, peak = memory_of(itertools.chain([b"{"], keys, [b'"ProductID": 1}']))
    assert count == 1
    assert peak < 4 << 20


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("{", '"%d":1,', '"ProductID": 1}'),
        ("{", '"%d":[],', '"products": []}'),
        (f'{{"products": [{GOOD}],', '"%d":{"":0},', '"x": 1}'),
        ("{", '"":1,', '"x": 1}'),
    ],
)
def test_what_an_object_has_beside_its_products_is_limited(
    before: str, key: str, after: str
) -> None:
    """Value by value it would cost seconds of processor time for a file of a few megabytes."""
    length = len(key.replace("%d", "1000000"))
    block = (key.replace("%d", "1000000") * (BLOCK // length)).encode()
    blocks = Counted(itertools.chain([before.encode()], itertools.repeat(block)))
    assert "a single object is longer than 1,048,576 characters" in ends_in(blocks).reason
    assert blocks.taken <= BLOCK + len(before)


def test_what_an_object_has_beside_its_products_may_be_as_long_as_a_product() -> None:
    half = f'"x": "{"x" * (MAX_VALUE // 2 - 100)}"'
    products = ", ".join([GOOD] * 20_000)
    assert len(outcomes(f'{{{half}, "products": [{products}], {half}}}')) == 20_000
    with pytest.raises(CatalogError, match="a single object is longer"):
        outcomes(f'{{{half}, "products": [{products}], {half}, {half}}}')


def test_a_product_with_repeated_keys_costs_no_more_than_any_other() -> None:
    keys = ",".join(f'"{number % 40_000}":1' for number in range(60_000))
    assert outcomes(f"[{{{keys}, {GOOD[1:]}]") == [Product("A1", "Tea", "12.50")]
    assert outcomes(f"{{{keys}, {GOOD[1:]}") == [Product("A1", "Tea", "12.50")]
