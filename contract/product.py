"""A product that can be sent to Digible, and why another one cannot."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import NamedTuple

from contract.blank import is_blank

COLUMNS = ("ProductID", "ProductName", "SellPrice")
"""The keys of a product in a catalogue."""

MAX_TEXT = 4_000
"""The most characters in an id or a name: SQL Server's longest plain text column, nvarchar(4000)."""

MAX_DIGITS = 38
"""The most digits before or after a price's decimal point: SQL Server's longest numeric."""

_ALREADY_DIGITS = re.compile(r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?\Z")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\Z")


REPEATED_ID = "ProductID appears more than once in the table: only its first valid row is sent"


class Repeated:
    """Stands for a value that one product has twice: nobody can say which of the two is meant."""

    __slots__ = ()


REPEATED = Repeated()


class CatalogRow(NamedTuple):
    """One row as it was read, with values of any type: `check_product` decides what is valid."""

    product_id: object
    product_name: object
    sell_price: object


NOT_A_PRODUCT = CatalogRow(None, None, None)
"""Stands for an object that has none of the three keys; compare it with `is`."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product as Digible takes it."""

    product_id: str | int
    """Unchanged from the catalogue: text stays text, an integer stays an integer."""

    product_name: str

    product_price: str
    """Plain digits, exactly those in the catalogue: `12.50`, never `12.5` or `1E+3`."""


class Stage(StrEnum):
    """Who rejected a product."""

    CATALOG = "catalog"
    """We did: it can't be sent as it is in the catalogue."""

    DIGIBLE = "digible"
    """Digible did, with its own words."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A product that was left out, and the reason, in words for the shop owner."""

    product_id: str | None
    """None if the catalogue has no id for it."""

    row: int | None
    """Its place in the catalogue, from 1."""

    stage: Stage
    reason: str


class _UnfitError(ValueError):
    """One of the three values can't be sent; the message is the reason for the rejection."""


def check_product(row: CatalogRow, number: int) -> Product | Rejection:
    """Return the product in a catalogue's row `number` (from 1), or the reason it can't be sent."""
    if row is NOT_A_PRODUCT:
        reason = f"This is not a product: it has none of the keys {', '.join(COLUMNS)}"
        return Rejection(None, number, Stage.CATALOG, reason)
    try:
        # In the order of Product's fields: naming them takes as long as checking one of them.
        return Product(
            _product_id(row.product_id),
            _product_name(row.product_name),
            price_digits(row.sell_price),
        )
    except _UnfitError as unfit:
        return Rejection(shown_id(row.product_id), number, Stage.CATALOG, str(unfit))


def check_products(
    rows: Iterable[CatalogRow], *, ids_are_unique: bool
) -> Iterator[tuple[int, Product | Rejection]]:
    """Yield each row's number (from 1) with its product, or the reason it can't be sent.

    Where ids must be unique (the agent's catalogues, which are ordered by id), only the first row with
    an id that can be sent is: which of several prices is right, only the shop can say.
    """
    sent: str | int | None = None
    for number, row in enumerate(rows, 1):
        outcome = check_product(row, number)
        if isinstance(outcome, Product):
            if ids_are_unique and outcome.product_id == sent:
                outcome = Rejection(shown_id(row.product_id), number, Stage.CATALOG, REPEATED_ID)
            else:
                sent = outcome.product_id
        yield number, outcome


def shown_id(product_id: object) -> str | None:
    """Return a product's id as text that can be shown and stored, or None if there is none."""
    if product_id is None or isinstance(product_id, bool | float | list | dict | Repeated):
        return None
    shown = str(product_id).strip()[:100]
    return None if is_blank(shown) else shown.encode("utf-8", "replace").decode("utf-8")


def _product_id(value: object) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _text("ProductID", value, otherwise="text or a whole number")


def _product_name(value: object) -> str:
    return _text("ProductName", value, otherwise="text")


def _text(column: str, value: object, otherwise: str) -> str:
    if not isinstance(value, str):
        raise _UnfitError(_why_not_text(column, value, otherwise))
    if is_blank(value):
        raise _UnfitError(f"{column} is missing")
    if len(value) > MAX_TEXT:
        raise _UnfitError(f"{column} is longer than {MAX_TEXT:,} characters")
    if not value.isascii() and _LONE_SURROGATE.search(value):
        raise _UnfitError(f"{column} contains half a character, or bytes that are not text")
    return value


def _why_not_text(column: str, value: object, otherwise: str) -> str:
    if value is None:
        return f"{column} is missing"
    if isinstance(value, Repeated):
        return f"{column} appears twice in this product"
    return f"{column} is not {otherwise}"


def price_digits(value: object) -> str:
    """Return a price as plain digits, none added and none lost; ValueError says why it is not a price."""
    if isinstance(value, str) and _ALREADY_DIGITS.match(value):
        return value
    number = _number(value)
    if not number.is_finite():
        raise _UnfitError("SellPrice is not a finite number")
    if number < 0:
        raise _UnfitError("SellPrice is negative")
    exponent = int(number.as_tuple().exponent)
    if number.adjusted() >= MAX_DIGITS or exponent < -MAX_DIGITS or exponent >= MAX_DIGITS:
        raise _UnfitError(f"SellPrice has more than {MAX_DIGITS} digits")
    return format(abs(number) if number.is_zero() else number, "f")


def _number(value: object) -> Decimal:
    if value is None or (isinstance(value, str) and is_blank(value)):
        raise _UnfitError("SellPrice is missing")
    if isinstance(value, str):
        value = value.strip()
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        if value.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
            return Decimal("NaN")
        if _NUMBER.match(value):
            try:
                return Decimal(value)
            except InvalidOperation:  # more digits than a Decimal can have
                return Decimal("Infinity")
    if isinstance(value, Repeated):
        raise _UnfitError("SellPrice appears twice in this product")
    raise _UnfitError("SellPrice is not a number")
