"""A valid catalogue is read in every form, cut anywhere, with every digit of its prices."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.catalog import CatalogReader, read_catalog, read_line, write_catalog
from contract.compression import compressed
from contract.product import NOT_A_PRODUCT, CatalogRow, Product, Rejection
from tests.contract.catalogs import (
    BLOCK_SIZES,
    FORMS,
    GOOD,
    IDS,
    PACKINGS,
    PROPERTY,
    TEXT,
    Written,
    cut,
    outcomes,
    prices,
    row,
    written_products,
)


@PROPERTY
@given(
    st.lists(st.tuples(IDS, TEXT, prices()), max_size=8),
    BLOCK_SIZES,
    st.booleans(),
)
def test_any_catalogue_written_is_read_back_the_same(
    products: list[tuple[str | int, str, tuple[str, str]]], sizes: list[int], packed: bool
) -> None:
    rows = [CatalogRow(an_id, name, Decimal(price)) for an_id, name, (price, _) in products]
    blocks = compressed(write_catalog(rows)) if packed else write_catalog(rows)
    expected = [Product(an_id, name, digits) for an_id, name, (_, digits) in products]
    assert outcomes(b"".join(blocks), sizes) == expected


@PROPERTY
@given(st.lists(st.builds(row, IDS, st.one_of(TEXT, st.none()), st.decimals()), max_size=8))
def test_a_line_that_was_written_is_read_as_the_whole_catalogue_is(rows: list[CatalogRow]) -> None:
    text = b"".join(write_catalog(rows))
    lines = text.split(b"\n")
    assert (lines[0], *lines[-2:]) == (b"[", b"]", b"")
    read = [read_line(line) for line in lines[1:-2] if line]
    assert list(map(repr, read)) == list(map(repr, read_catalog([text])))


@pytest.mark.parametrize("line", ["", "]", "[{}]", "{}{}", "{},{}", "{},,", "{", "7", '"{}"'])
def test_what_is_not_a_line_of_one_product_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="this is not a product"):
        read_line(line.encode())


@PROPERTY
@given(
    st.lists(written_products(), min_size=1, max_size=5),
    st.sampled_from(sorted(FORMS)),
    st.sampled_from(sorted(PACKINGS)),
    BLOCK_SIZES,
    st.booleans(),
)
def test_a_catalogue_is_read_in_any_form_and_in_blocks_of_any_size(
    products: list[Written], form: str, packing: str, sizes: list[int], ascii_only: bool
) -> None:
    text = FORMS[form]([product.json(ascii_only=ascii_only) for product in products])
    data = PACKINGS[packing](text.encode())
    assert outcomes(data, sizes) == [product.product for product in products]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 2, 3, 1 << 20])
def test_every_form_is_read(form: str, packing: str, size: int) -> None:
    products = [Written("É1", "Tee 🍵", "12.50", "12.50"), Written(2, 'a "b"\n', '"0.10"', "0.10")]
    text = FORMS[form]([product.json(ascii_only=False) for product in products])
    data = PACKINGS[packing](text.encode())
    assert outcomes(data, [size]) == [product.product for product in products]


@PROPERTY
@given(prices(), BLOCK_SIZES)
@example(("12.50", "12.50"), [1])
@example(("0.00", "0.00"), [1])
def test_any_price_keeps_its_digits_as_a_number_and_as_text(
    price: tuple[str, str], sizes: list[int]
) -> None:
    written, digits = price
    for text in (written, f'"{written}"'):
        (outcome,) = outcomes(Written("A1", "Tea", text, digits).json(ascii_only=True), sizes)
        assert outcome == Product("A1", "Tea", digits)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        *[("12.50", "12.50"), ('"12.50"', "12.50"), ("12.5", "12.5"), ("12", "12"), ("0", "0")],
        *[("1E+3", "1000"), ("1e3", "1000"), ("1.50e1", "15.0"), ("25E-2", "0.25")],
        *[("-0", "0"), ("-0.00", "0.00"), ('"-0.00"', "0.00"), ('"+1.10"', "1.10")],
        *[('".5"', "0.5"), ('"5."', "5"), ('"007.00"', "7.00"), ('" 1.20 "', "1.20")],
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("12345678901234567890.10", "12345678901234567890.10"),
    ],
)
def test_a_price_is_sent_in_plain_digits(written: str, digits: str) -> None:
    (outcome,) = outcomes(Written("A1", "Tea", written, digits).json(ascii_only=True))
    assert outcome == Product("A1", "Tea", digits)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        *[(name, "SellPrice is not a finite number") for name in ("NaN", "Infinity", "-Infinity")],
        *[
            (f'"{name}"', "SellPrice is not a finite number")
            for name in ("nan", "inf", "-Infinity")
        ],
        *[(number, "SellPrice has more than 38 digits") for number in ("1e999", "1e38", "1e-39")],
        ("1e999999999999999999999", "SellPrice is not a finite number"),
        *[("-0.01", "SellPrice is negative"), ("-1e999", "SellPrice is negative")],
        *[("null", "SellPrice is missing"), ('""', "SellPrice is missing")],
        *[("true", "SellPrice is not a number"), ("[1]", "SellPrice is not a number")],
        *[('"12,50"', "SellPrice is not a number"), ('"1_0"', "SellPrice is not a number")],
        *[('"٣"', "SellPrice is not a number"), ('"0x10"', "SellPrice is not a number")],
        ('1, "SellPrice": 2', "SellPrice appears twice in this product"),
    ],
)
@pytest.mark.parametrize("form", ["array", "lines", "wrapped"])
def test_an_invalid_price_rejects_only_its_product(form: str, written: str, reason: str) -> None:
    good = Written("A1", "Tea", "1.00", "1.00")
    products = [Written("B2", "Pie", written, ""), good, Written("B2", "Pie", written, ""), good]
    first, second, third, fourth = outcomes(
        FORMS[form]([p.json(ascii_only=True) for p in products])
    )
    assert second == fourth == good.product
    for number, outcome in ((1, first), (3, third)):
        assert isinstance(outcome, Rejection)
        assert (outcome.product_id, outcome.row, outcome.reason) == ("B2", number, reason)


@pytest.mark.parametrize("form", ["array", "lines", "wrapped"])
@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ('"ProductID": 1, "ProductID": 1', "ProductID appears twice in this product"),
        (
            '"ProductID": 1, "x": 1, "x": 2, "ProductID": 2, "ProductID": 3',
            "ProductID appears twice",
        ),
        ('"ProductID": "a", "ProductName": "\\ud83c"', "ProductName appears twice in this product"),
        ('"ProductID": "\\ud83c"', "ProductID contains half a character"),
        ('"ProductID": 1.0', "ProductID is not text or a whole number"),
        ('"productid": 1', "ProductID is missing"),
    ],
)
def test_repeated_missing_or_invalid_values_reject_their_product(
    form: str, keys: str, reason: str
) -> None:
    bad = f'{{{keys}, "ProductName": "Tea", "SellPrice": 1}}'
    good = '{"SellPrice": 1, "x": 1, "x": 2, "ProductName": "Tea", "ProductID": "b"}'
    outcome, other = outcomes(FORMS[form]([bad, good]))
    assert isinstance(outcome, Rejection)
    assert outcome.reason.startswith(reason)
    assert other == Product("b", "Tea", "1")


def test_other_keys_are_ignored_whatever_they_contain() -> None:
    extra = '"Status": 1, "products": [{"ProductID": 9}], "QrCode": {"ProductID": [null]}, '
    text = Written("A1", "Tea", "1", "1").json(ascii_only=True, extra=extra)
    assert outcomes(f"[{text}]") == [Product("A1", "Tea", "1")]


@pytest.mark.parametrize("text", ["[]", " [ \n] ", '{"products": []}', '{"a": 1, "products": [ ]}'])
def test_a_catalogue_may_be_empty(text: str) -> None:
    assert outcomes(text) == []
    assert outcomes(b"".join(write_catalog([]))) == []


def test_integers_and_text_as_ids_are_kept_apart() -> None:
    data = b"".join(write_catalog([row("7"), row(7), row(-7), row(" 7 ")]))
    assert [o.product_id for o in outcomes(data)] == ["7", 7, -7, " 7 "]


def test_a_catalogue_is_written_as_an_array_with_one_product_per_line() -> None:
    text = b"".join(write_catalog([row("A1", "Té", Decimal("12.50")), row(2, None, None)])).decode()
    assert json.loads(text) == [
        {"ProductID": "A1", "ProductName": "Té", "SellPrice": "12.50"},
        {"ProductID": 2, "ProductName": None, "SellPrice": None},
    ]
    assert [line[:1] for line in text.splitlines()] == ["[", "{", "{", "]"]
    assert text.isascii()


@pytest.mark.parametrize(
    ("price", "digits"),
    [("12.50", "12.50"), ("1E+3", "1000"), ("0E-2", "0.00"), ("1E-9", "0.000000001")],
)
def test_a_decimal_is_written_as_text_in_plain_digits(price: str, digits: str) -> None:
    (product,) = json.loads(b"".join(write_catalog([row(price=Decimal(price))])))
    assert product["SellPrice"] == digits


def test_writing_and_reading_stream() -> None:
    taken = 0

    def rows() -> Iterator[CatalogRow]:
        nonlocal taken
        for number in range(100_000):
            taken += 1
            yield row(number)

    next(write_catalog(rows()))
    assert taken < 2_000
    taken = 0
    next(read_catalog(write_catalog(rows())))
    assert taken < 10_000


@pytest.mark.parametrize(
    "price", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")]
)
def test_a_price_that_is_not_finite_is_written_and_rejected_later(price: object) -> None:
    data = b"".join(write_catalog([row(1, price=price), row(2)]))
    json.loads(data, parse_constant=pytest.fail)  # it is still JSON to other readers
    first, second = outcomes(data)
    assert isinstance(first, Rejection)
    assert first.reason == "SellPrice is not a finite number"
    assert isinstance(second, Product)


def test_a_float_is_written_with_the_digits_it_shows() -> None:
    (outcome,) = outcomes(b"".join(write_catalog([row(price=12.1)])))
    assert outcome == Product("A1", "Tea", "12.1")


def test_a_value_that_json_cannot_express_is_refused_by_the_writer() -> None:
    with pytest.raises(TypeError, match="a bytes can't be part of a catalogue"):
        list(write_catalog([row(name=b"Tea")]))


def test_the_same_catalogue_is_packed_into_the_same_bytes() -> None:
    rows = [row(number) for number in range(5_000)]
    first, second = (b"".join(compressed(write_catalog(rows))) for _ in range(2))
    assert first == second
    assert len(first) < 100_000
    assert len(outcomes(first, [1_000])) == 5_000


def test_cutting_yields_every_byte_once() -> None:
    assert b"".join(cut(b"0123456789", [3, 1])) == b"0123456789"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (f"[{GOOD}]", ["ProductID", "ProductName", "SellPrice"]),
        (GOOD + "\n" + GOOD, ["ProductID", "ProductName", "SellPrice"]),
        ('{"value": [{"a": 1}], "Count": 3}', ["value", "Count"]),
        ('{"products": [{"id": 1}, {"name": 2, "id": 3}]}', ["id", "name"]),
        ('{"note": 1, "products": [{"id": 1}]}', ["note", "id"]),
        ('[{"\ufeffProductID": {"0": 1}}]', ["\ufeffProductID"]),
        ("[" + ",".join(f'{{"k{n}": 1}}' for n in range(30)) + "]", [f"k{n}" for n in range(12)]),
        ("[]", []),
    ],
)
def test_the_first_keys_that_were_found_are_remembered(text: str, keys: list[str]) -> None:
    reader = CatalogReader([text.encode()])
    for _ in reader:
        pass
    assert list(reader.keys) == keys


@pytest.mark.parametrize("form", ["[{}]", "{}", '{{"products": [{}]}}', "{}\n{{}}"])
def test_an_object_with_none_of_the_keys_is_not_a_product(form: str) -> None:
    for stranger in ("{}", '{"productid": 1}', '{"x": {"ProductID": 1}}'):
        rows = list(read_catalog([form.format(stranger).encode()]))
        assert all(row is NOT_A_PRODUCT for row in rows)
    (row, *_) = read_catalog([form.format('{"ProductID": null}').encode()])
    assert row is not NOT_A_PRODUCT
