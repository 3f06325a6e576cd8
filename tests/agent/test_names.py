"""Names of tables and columns, as people write them and as SQL needs them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.names import (
    closest,
    parse_name,
    parse_table_name,
    quote_bracketed,
    quote_table,
    shown_name,
    shown_table,
)
from tests.tds import statements

parts = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40
)
table_names = st.lists(parts, min_size=1, max_size=3).map(tuple)


@given(table_names)
def test_a_quoted_table_name_is_read_back_whatever_it_contains(name: tuple[str, ...]) -> None:
    assert parse_table_name(quote_table(name)) == name


@given(table_names)
def test_a_shown_table_name_can_be_used_in_the_settings(name: tuple[str, ...]) -> None:
    assert parse_table_name(shown_table(name)) == name


@given(table_names)
def test_sql_server_reads_a_quoted_name_as_one_name(name: tuple[str, ...]) -> None:
    assert statements.parse_name(quote_table(name)) == name


@given(parts)
def test_a_quoted_column_name_is_read_back_whatever_it_contains(name: str) -> None:
    assert parse_name(quote_bracketed(name)) == name


@given(st.text())
def test_any_text_is_a_table_name_or_is_refused_with_a_reason(text: str) -> None:
    assert (reason(text) or "is fine").startswith(("has ", "is ", "contains "))


def reason(text: str) -> str | None:
    """Return why a text is not a table name, or None if it is one and survives quoting."""
    try:
        name = parse_table_name(text)
    except ValueError as refused:
        return str(refused)
    assert parse_table_name(quote_table(name)) == name
    return None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Products", ("Products",)),
        ("dbo.Products", ("dbo", "Products")),
        (" dbo . Products ", ("dbo", "Products")),
        ("[dbo].[Prod]]ucts]", ("dbo", "Prod]ucts")),
        ("[my.schema].Products", ("my.schema", "Products")),
        ("Shop..Products", ("Shop", "", "Products")),
        ("dbo.Pro'd\"ucts", ("dbo", "Pro'd\"ucts")),
        ("Products; DROP TABLE x", ("Products; DROP TABLE x",)),
        ("x] FROM y", ("x] FROM y",)),
    ],
)
def test_a_table_name_is_split_into_its_parts(written: str, name: tuple[str, ...]) -> None:
    assert parse_table_name(written) == name


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("[]", "not closed"),
        ("[dbo].[Products", "not closed"),
        ("[a]b", "text beside"),
        ("dbo.", "has an empty part"),
        (".Products", "has an empty part"),
        ("server.Shop.dbo.Products", "more parts"),
        ("x" * 129, "more than 128 characters"),
        ("a\0b", "NUL"),
    ],
)
def test_an_invalid_table_name_is_refused(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_table_name(written)


@pytest.mark.parametrize(
    ("written", "name"),
    [("SellPrice", "SellPrice"), ("price.net", "price.net"), ("[Sell]]Price]", "Sell]Price")],
)
def test_a_column_name_is_not_split(written: str, name: str) -> None:
    assert parse_name(written) == name


@pytest.mark.parametrize("name", [" Id", "Id ", "Sell  Price", "Sell\xa0Price", "Id\u200b", "a\tb"])
def test_a_name_with_spaces_that_would_be_overlooked_is_shown_in_brackets(name: str) -> None:
    assert shown_name(name) == f"[{name}]"


@pytest.mark.parametrize("name", ["Id", "Sell Price", "Größe", "価格", "a]b"])
def test_any_other_name_is_shown_as_it_is(name: str) -> None:
    assert shown_name(name) == name


def test_at_most_ten_names_are_returned_closest_first() -> None:
    names = [*(f"table{number}" for number in range(30)), "Product", "products"]

    assert closest("Products", names)[:2] == ["products", "Product"]
    assert len(closest("Products", names)) == 10
