"""Takes a store's token, and the products, out of what Digible says, however they are spelt there."""

import base64
import html
import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote

from contract.product import Product

MAX_WORDS = 500
"""The most characters of Digible's words that are kept."""

_HIDDEN = "***"
_SHORTEST_VALUE = 3  # characters: anything shorter is part of too many other words
# A whole token or the beginning of one; without backtracking, so a hostile text costs no time.
_JWT = re.compile(r"eyJ[\w-]{6,}(?:\.[\w-]*){0,2}")
_ESCAPED = re.compile(r"\\u(?P<code>[0-9a-fA-F]{4})|\\[/\\\"]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_LOOKED_AT = 1 << 16  # characters
_LONGEST_SPELLING = 16  # characters for one of the secret's, as in `&#x00000061;`


def scrubbed(text: str, secret: str) -> str:
    """Return `text` on one line, shortened, and without `secret` or anything that looks like a token.

    A secret that is JSON-, URL- or HTML-escaped or in base64 counts, too; where it is escaped, the text
    is returned with its escapes resolved.
    """
    return _one_line(_without_secret(text, secret))


def scrubbed_for_log(text: str, secret: str, products: Sequence[Product]) -> str:
    """Return `text` as `scrubbed` does, and without the ids, names and prices of `products`."""
    # The secret first, and whole: a product's id may occur in the middle of it.
    return _one_line(without_products(_without_secret(text, secret), products))


def _without_secret(text: str, secret: str) -> str:
    is_cut, text = len(text) > _LOOKED_AT, text[:_LOOKED_AT]
    plain = _plain(text)
    if plain != text and _hides(plain, secret):
        text = plain
    text = _BASE64.sub(lambda found: _hidden_if_encoded(found[0], secret), text)
    text = _JWT.sub(_HIDDEN, text.replace(secret, _HIDDEN) if secret else text)
    if is_cut:  # perhaps in the middle of the secret
        text = text[: max(0, len(text) - _LONGEST_SPELLING * len(secret))]
    return text


def _one_line(text: str) -> str:
    text = text[: 8 * MAX_WORDS]
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= MAX_WORDS else text[: MAX_WORDS - 1] + "…"


def without_products(text: str, products: Sequence[Product]) -> str:
    """Return the beginning of `text` without the ids, names and prices of `products`, however spelt.

    What a shop sells and for how much belongs into its run record, not into a log. The text is returned
    with its escapes resolved.
    """
    values: set[str] = set()
    for product in products:
        price = product.product_price
        for value in (str(product.product_id), product.product_name, price):
            values |= {value.strip(), _plain(value).strip()}
        if "." in price:
            values.add(price.rstrip("0").rstrip("."))
    long_enough = sorted(filter(_is_telling, values), key=len, reverse=True)
    is_cut, text = len(text) > 8 * MAX_WORDS, _plain(text[: 8 * MAX_WORDS])
    lowered = text.lower()
    for value in long_enough:
        if value.lower() in lowered:
            text = re.sub(re.escape(value), _HIDDEN, text, flags=re.IGNORECASE)
    if is_cut and long_enough:  # perhaps in the middle of a value
        text = text[: max(0, len(text) - len(long_enough[0]))]
    return text


def _is_telling(value: str) -> bool:
    return len(value) >= _SHORTEST_VALUE


def _plain(text: str) -> str:
    """Return `text` with JSON, URL and HTML escapes resolved, in whatever order they are nested."""
    for _ in range(3):
        resolved = html.unescape(unquote(_ESCAPED.sub(_character, text)))
        if resolved == text:
            break
        text = resolved
    return text


def _character(escaped: re.Match[str]) -> str:
    return chr(int(escaped["code"], 16)) if escaped["code"] else escaped[0][1]


def _hides(text: str, secret: str) -> bool:
    return bool(secret and secret in text) or _JWT.search(text) is not None


def _hidden_if_encoded(text: str, secret: str) -> str:
    unified = text.translate(str.maketrans("-_", "+/"))
    return _HIDDEN if any(part in unified for part in _in_base64(secret)) else text


@lru_cache(maxsize=64)
def _in_base64(secret: str) -> tuple[str, ...]:
    """Return what base64 makes of `secret`, wherever it begins among the encoded bytes.

    Its first and last characters depend on what stands around it, and are left out.
    """
    data = secret.encode()
    parts = []
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode("ascii").rstrip("=")
        first, last = -(-before * 4 // 3), (before + len(data)) * 4 // 3
        parts.append(encoded[first:last])
    return tuple(part for part in parts if len(part) >= 12)
