"""Decides, without side effects, how Digible would respond to a sync request."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MAX_BATCH = 200
_KEYS = {"productName", "productPrice", "productId"}
_PRICE = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class SentProduct:
    """A product as it was received."""

    product_id: str | int
    product_name: str
    product_price: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response other than 200, and why."""

    status: int
    message: str


def check_sync(
    headers: Mapping[str, str], body: bytes, is_good_token: Callable[[str], bool]
) -> tuple[SentProduct, ...] | Refusal:
    """Return the products of a request that Digible would accept, or the refusal.

    The names in `headers` are in lower case.
    """
    if not is_good_token(headers.get("x-access-token", "")):
        return Refusal(401, "Invalid or expired access token")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return Refusal(415, "Content-Type must be application/json")
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal(400, "The body is not JSON")
    if isinstance(decoded, dict) and decoded.keys() == {"products"}:
        decoded = decoded["products"]
    if not isinstance(decoded, list):
        return Refusal(400, "The body is neither a list of products nor an object with one")
    if not 1 <= len(decoded) <= MAX_BATCH:
        return Refusal(413, f"{len(decoded)} products sent; a batch has from 1 to {MAX_BATCH}")
    return _check_products(decoded)


def _check_products(items: list[object]) -> tuple[SentProduct, ...] | Refusal:
    products = []
    for place, item in enumerate(items, start=1):
        product = _check_product(item)
        if isinstance(product, str):
            return Refusal(422, f"Product {place} of {len(items)}: {product}")
        products.append(product)
    return tuple(products)


def _check_product(item: object) -> SentProduct | str:
    if not isinstance(item, dict) or item.keys() != _KEYS:
        return f"an object with exactly {', '.join(sorted(_KEYS))} is expected"
    product_id, name, price = item["productId"], item["productName"], item["productPrice"]
    if isinstance(product_id, bool) or not isinstance(product_id, str | int) or product_id == "":
        return "productId must be text or an integer"
    if not isinstance(name, str) or not name.strip():
        return "productName must be text"
    if not isinstance(price, str) or not _PRICE.fullmatch(price):
        return "productPrice must be a string of plain digits, like 12.50"
    return SentProduct(product_id, name, price)
