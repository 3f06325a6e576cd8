"""A store's token is taken out of Digible's words, however it is spelt there."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from contract.product import Product
from function_app.digible.scrubbing import (
    MAX_WORDS,
    scrubbed,
    scrubbed_for_log,
    without_products,
)

OPAQUE = 'opaque/s3cret+"of"&<shop>=='
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzaG9wIn0.c2lnbmVk-by_them"


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


def entities(text: str) -> str:
    return "".join(f"&#x{ord(character):x};" for character in text)


def percents(text: str) -> str:
    return "".join(f"%{ord(character):02X}" for character in text)


def in_base64(before: str) -> Callable[[str], str]:
    return lambda text: base64.b64encode(f"{before}{text}; path=/".encode()).decode()


def url_base64(text: str) -> str:
    return base64.urlsafe_b64encode(f"x-access-token: {text}".encode()).decode().rstrip("=")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json-slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json-escapes": escaped,
    "json-in-json": lambda text: json.dumps(json.dumps(escaped(text))),
    "url": lambda text: quote(text, safe=""),
    "url-plus": quote_plus,
    "url-all": percents,
    "url-twice": lambda text: quote(quote(text, safe=""), safe=""),
    "html": html.escape,
    "html-numbers": entities,
    "html-of-json": lambda text: html.escape(json.dumps({"token": text})),
    "base64": in_base64(""),
    "base64-1": in_base64("a"),
    "base64-2": in_base64("ab"),
    "base64-url": url_base64,
    "base64-in-url": lambda text: quote(in_base64("x")(text), safe=""),
    "base64-in-json": lambda text: in_base64("xy")(text).replace("/", "\\/"),
}


@pytest.mark.parametrize("secret", [OPAQUE, JWT], ids=["opaque", "jwt"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_token_is_shown_in_any_spelling(spelling: str, secret: str) -> None:
    spelt = SPELLINGS[spelling](secret)
    shown = scrubbed(f"The token {spelt} is bad", secret)
    assert spelt not in shown
    assert secret not in shown
    assert secret[8:20] not in shown
    assert spelt[8:40] not in shown
    assert shown.startswith("The token ")
    assert shown.endswith(" is bad")
    assert "***" in shown


@pytest.mark.parametrize(
    "text",
    [
        'He said "5 % off" & <b>more</b> C:\\new',
        "100%25 of it, &lt;b&gt;, \\u0041",
        "aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91IHRvZGF5Pw==",
    ],
)
def test_words_without_a_token_are_left_as_they_are(text: str) -> None:
    assert scrubbed(text, OPAQUE) == text


@pytest.mark.parametrize("secret", ["opaque-s3cret", JWT])
@pytest.mark.parametrize("before", [*range(486, 500), *range(3_988, 4_000)])
def test_no_part_of_a_token_is_left_where_the_words_are_cut(secret: str, before: int) -> None:
    scrubbed_to_little = ((JWT + " ") * (before // len(JWT + " "))).ljust(before, "x")
    shown = scrubbed(f"{scrubbed_to_little}{secret}{'y' * 9_000}", secret)
    assert secret[:8] not in shown


@pytest.mark.parametrize("spelling", [str, escaped, entities, percents])
def test_no_part_of_a_token_is_left_however_often_it_is_repeated(
    spelling: Callable[[str], str],
) -> None:
    secret = "opaque-s3cret" * 8
    for before in range(0, 104, 13):
        shown = scrubbed("x" * before + spelling(secret) * 5_000, secret)
        assert "opaque" not in shown
        assert spelling(secret)[:24] not in shown


def test_the_beginning_of_a_token_is_scrubbed_too() -> None:
    assert scrubbed("bad: eyJhbGciOiJIUzI1NiJ9", "") == "bad: ***"


def test_words_are_on_one_line_and_not_too_long() -> None:
    shown = scrubbed("line\r\n\x00\x1b[31m two\u2028" + "long " * 1_000, "opaque-s3cret")
    assert shown.startswith("line [31m two long long")
    assert len(shown) == MAX_WORDS
    assert shown.endswith("…")


@pytest.mark.parametrize("piece", ["%25", "&amp;", "\\u0025", "\\\\", "A", "eyJ", "%", "&#x", "&#"])
def test_no_words_take_long(piece: str) -> None:
    scrubbed((piece * (4 << 20))[: 4 << 20], "opaque-s3cret")  # hours, if it were quadratic


CHEESE = Product("P-4711", "Käse “alt”", "12.50")


@pytest.mark.parametrize(
    "echo",
    [
        '[{"productId": "P-4711", "productName": "Käse “alt”", "productPrice": "12.50"}]',
        '[{"productId": "P-4711", "productName": "K\\u00e4se \\u201calt\\u201d"}]',
        "Käse “alt” costs 12.50, which is too much for P-4711",
    ],
)
def test_an_echo_of_the_products_is_hidden(echo: str) -> None:
    shown = without_products(echo, [CHEESE])
    assert "alt" not in shown
    assert "4711" not in shown
    assert "12.50" not in shown


@pytest.mark.parametrize(
    "words",
    [
        "<p>Invalid: Salt &amp; Pepper/Mill</p>",
        '{"error": "Salt & Pepper\\/Mill is bad"}',
        "SALT & PEPPER/MILL",
        "no such item: sku-77",
        "Salt%20%26%20Pepper/Mill",
        "12.5 is too much",
    ],
)
def test_a_product_is_hidden_however_it_is_spelt(words: str) -> None:
    shown = without_products(words, [Product("SKU-77", " Salt & Pepper/Mill", "12.50")])
    assert "***" in shown
    assert not [part for part in ("epper", "EPPER", "77", "12.5") if part in shown]


@pytest.mark.parametrize(
    ("secret", "product_id"),
    [
        ("7f3a1b2c9d0e4f5a6b7c8d9e0f1a2b3c4d5e6f70", "4F5"),
        (JWT, "HBG"),
        ("abc%2Fdef%2Bsecretsecret", "secret"),
    ],
)
def test_a_token_is_hidden_even_if_a_products_id_occurs_in_it(secret: str, product_id: str) -> None:
    product = Product(product_id, "Tea", "1.00")
    assert scrubbed_for_log(f"Bearer {secret}.", secret, [product]) in ("Bearer ***.", "Bearer ***")


def test_what_is_about_no_product_stays() -> None:
    assert without_products("HTTP 400: too dear", [Product(4, "t", "1")]) == "HTTP 400: too dear"


@pytest.mark.parametrize("before", range(3_985, 4_001))
def test_no_part_of_a_name_is_left_where_the_text_is_cut(before: int) -> None:
    assert "Kä" not in without_products("x" * before + "Käse “alt”" * 9, [CHEESE])
