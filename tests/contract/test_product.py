"""Which rows of a catalogue can be sent, and the reasons why the others can't."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.product import (
    MAX_DIGITS,
    MAX_TEXT,
    NOT_A_PRODUCT,
    REPEATED,
    CatalogRow,
    Product,
    Rejection,
    Stage,
    check_product,
    check_products,
    price_digits,
    shown_id,
)
from tests.contract.catalogs import IDS, PROPERTY, TEXT, row

ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.decimals(),
        st.text(st.characters()),
        st.text("0123456789+-.eE _", max_size=50),
        st.binary(),
        st.just(REPEATED),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def reason_for(product: CatalogRow) -> str:
    """Return the reason a row is rejected with; a row that can be sent fails the test."""
    outcome = check_product(product, 1)
    assert isinstance(outcome, Rejection)
    return outcome.reason


@PROPERTY
@given(IDS, TEXT, st.decimals(min_value=0, max_value=10**20, places=2))
def test_a_good_row_becomes_a_product_unchanged(
    product_id: str | int, name: str, price: Decimal
) -> None:
    outcome = check_product(CatalogRow(product_id, name, price), 1)
    assert isinstance(outcome, Product)
    assert (outcome.product_id, outcome.product_name) == (product_id, name)
    assert type(outcome.product_id) is type(product_id)
    assert Decimal(outcome.product_price) == price


@PROPERTY
@given(ANYTHING, ANYTHING, ANYTHING, st.integers(1, 10**9))
@example("A1", "Tea", Decimal("sNaN"), 1)
@example("A1", "Tea", "1e9999", 1)
def test_any_row_is_either_sent_in_plain_digits_or_rejected_with_a_reason(
    product_id: object, name: object, price: object, number: int
) -> None:
    outcome = check_product(CatalogRow(product_id, name, price), number)
    if isinstance(outcome, Product):
        assert outcome.product_price.replace(".", "", 1).isdecimal()
        assert (outcome.product_id, outcome.product_name) == (product_id, name)
    else:
        assert (outcome.row, outcome.stage) == (number, Stage.CATALOG)
        assert outcome.reason.startswith(("ProductID ", "ProductName ", "SellPrice "))
        assert outcome.product_id is None or 0 < len(outcome.product_id) <= 100


@pytest.mark.parametrize("nothing", [None, "", " ", "\t\r\n\u00a0\u3000"])
def test_a_missing_id_or_blank_name_is_rejected(nothing: object) -> None:
    assert reason_for(row(product_id=nothing)) == "ProductID is missing"
    assert reason_for(row(name=nothing)) == "ProductName is missing"


@pytest.mark.parametrize("price", [None, "", "  "])
def test_a_missing_price_is_rejected(price: object) -> None:
    assert reason_for(row(price=price)) == "SellPrice is missing"


@pytest.mark.parametrize("value", [True, False, 1.5, Decimal(1), [], {}, b"A1"])
def test_an_id_is_text_or_a_whole_number(value: object) -> None:
    assert reason_for(row(product_id=value)) == "ProductID is not text or a whole number"


@pytest.mark.parametrize("value", [True, 7, 1.5, Decimal(1), ["Tea"], {}, b"Tea"])
def test_a_name_is_text(value: object) -> None:
    assert reason_for(row(name=value)) == "ProductName is not text"


@pytest.mark.parametrize("value", [True, [], {}, b"1", "1,50", "€ 1", "1 000", "0x1", "1__0", "٣"])
def test_a_price_is_a_number(value: object) -> None:
    assert reason_for(row(price=value)) == "SellPrice is not a number"


@pytest.mark.parametrize("value", [Decimal("-0.01"), -1, "-1", "-1e-30", Decimal("-Infinity")])
def test_a_negative_price_is_rejected(value: object) -> None:
    assert reason_for(row(price=value)) in {
        "SellPrice is negative",
        "SellPrice is not a finite number",
    }


@pytest.mark.parametrize(
    "value", ["NaN", "inf", "-Infinity", " +INF ", Decimal("NaN"), Decimal("sNaN")]
)
def test_a_price_that_is_not_finite_is_rejected(value: object) -> None:
    assert reason_for(row(price=value)) == "SellPrice is not a finite number"


@pytest.mark.parametrize(
    "value", ["9" * (MAX_DIGITS + 1), "0." + "1" * (MAX_DIGITS + 1), "1e38", Decimal("0E+38")]
)
def test_a_price_longer_than_any_database_stores_is_rejected(value: object) -> None:
    assert reason_for(row(price=value)) == "SellPrice has more than 38 digits"


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        *[("9" * 38, "9" * 38), ("0." + "1" * 38, "0." + "1" * 38), (Decimal("1E+3"), "1000")],
        *[(Decimal("12.50"), "12.50"), (Decimal("-0.00"), "0.00"), (0, "0"), (12, "12")],
        *[("012.50", "12.50"), (".5", "0.5"), ("5.", "5"), ("1e-2", "0.01"), ("+3", "3")],
        (
            Decimal("1.0000000000000000000000000000000000001"),
            "1.0000000000000000000000000000000000001",
        ),
    ],
)
def test_price_digits_are_plain(value: object, digits: str) -> None:
    assert price_digits(value) == digits


def test_text_longer_than_any_database_stores_is_rejected() -> None:
    assert (
        reason_for(row(name="x" * (MAX_TEXT + 1))) == "ProductName is longer than 4,000 characters"
    )
    assert isinstance(check_product(row("x" * MAX_TEXT, "x" * MAX_TEXT), 1), Product)


@pytest.mark.parametrize("half", ["\ud83c", "Tea \udf75", "\udf75\ud83c"])
def test_half_a_character_is_rejected_and_never_shown(half: str) -> None:
    outcome = check_product(row(product_id=half), 1)
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "ProductID contains half a character, or bytes that are not text"
    assert "?" in (outcome.product_id or "").encode().decode()
    assert reason_for(row(name=half)) == (
        "ProductName contains half a character, or bytes that are not text"
    )


INVISIBLE = [
    *["\u200b", "\ufeff", "\u3164", "\0", "\u115f\u1160", "\uffa0", "\u2800", "\u00ad", "\u2060"],
    *["\u180e", "\u034f", "\ufe0f", "\U000e0100", "\u061c", "\u2028", "\u00a0\u3000", "\x1b\x07"],
    *[" \u200b\t\u200d \ufeff", "\u2063" * 4_001],
]


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_text_in_which_nothing_is_visible_counts_as_missing(text: str) -> None:
    outcome = check_product(row(product_id=text), 1)
    assert outcome == Rejection(None, 1, Stage.CATALOG, "ProductID is missing")
    assert reason_for(row(name=text)) == "ProductName is missing"
    assert reason_for(row(price=text)) == "SellPrice is missing"


@pytest.mark.parametrize(
    "text", [*(f"{blank}x{blank}" for blank in INVISIBLE[:-1]), "́", "\ue000", "-"]
)
def test_text_in_which_something_is_visible_stays_as_it_is(text: str) -> None:
    outcome = check_product(row(product_id=text, name=text), 1)
    assert isinstance(outcome, Product)
    assert (outcome.product_id, outcome.product_name) == (text, text)


def test_an_object_with_none_of_the_keys_is_not_a_product() -> None:
    assert reason_for(NOT_A_PRODUCT) == (
        "This is not a product: it has none of the keys ProductID, ProductName, SellPrice"
    )
    assert reason_for(CatalogRow(None, None, None)) == "ProductID is missing"


def test_a_value_that_appears_twice_is_rejected() -> None:
    for column, bad in (
        ("ProductID", row(product_id=REPEATED)),
        ("ProductName", row(name=REPEATED)),
        ("SellPrice", row(price=REPEATED)),
    ):
        assert reason_for(bad) == f"{column} appears twice in this product"


@pytest.mark.parametrize(
    ("product_id", "shown"),
    [
        *[("A1", "A1"), (7, "7"), (" A ", "A"), ("", None), ("  ", None), (None, None), ([], None)],
        *[({}, None), (True, None), (1.5, None), (REPEATED, None), ("x" * 101, "x" * 100)],
    ],
)
def test_an_id_is_shown_as_short_text_or_not_at_all(product_id: object, shown: str | None) -> None:
    assert shown_id(product_id) == shown


def test_a_repeated_id_in_the_agents_catalogue_is_rejected() -> None:
    rows = [row("a"), row("b"), row("b"), row("b", price=None), row("c"), row(1), row(1), row("1")]
    outcomes = dict(check_products(rows, ids_are_unique=True))
    assert list(outcomes) == [1, 2, 3, 4, 5, 6, 7, 8]
    rejected = {n: o for n, o in outcomes.items() if isinstance(o, Rejection)}
    assert {number: rejection.reason for number, rejection in rejected.items()} == {
        3: "ProductID appears more than once in the table: only its first valid row is sent",
        4: "SellPrice is missing",
        7: "ProductID appears more than once in the table: only its first valid row is sent",
    }


def test_of_a_repeated_id_the_first_row_that_can_be_sent_is_sent() -> None:
    rows = [row("a", price=None), row("a", name=" "), row("a", price="1"), row("a", price="2")]
    outcomes = [outcome for _, outcome in check_products(rows, ids_are_unique=True)]
    (sent,) = (outcome for outcome in outcomes if isinstance(outcome, Product))
    assert sent.product_price == "1"
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Rejection)] == [
        "SellPrice is missing",
        "ProductName is missing",
        "ProductID appears more than once in the table: only its first valid row is sent",
    ]


def test_a_repeated_id_in_a_hand_made_catalogue_is_sent_again_in_its_place() -> None:
    rows = [row("a", price="1"), row("b"), row("a", price="2")]
    products = [outcome for _, outcome in check_products(rows, ids_are_unique=False)]
    assert [p.product_price for p in products if isinstance(p, Product)] == ["1", "12.50", "2"]


@pytest.mark.parametrize("product_id", [None, "", [1], {"a": 1}, True, Decimal(1), REPEATED])
def test_rows_without_a_usable_id_are_not_treated_as_repeated(product_id: object) -> None:
    rows = [row(product_id), row(product_id)]
    _, (_, second) = check_products(rows, ids_are_unique=True)
    assert second == Rejection(shown_id(product_id), 2, Stage.CATALOG, reason_for(row(product_id)))
