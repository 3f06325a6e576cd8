"""The catalogue as JSON, written and read as a stream: neither side ever has all of it in memory."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from contract.compression import decoded, decompressed
from contract.json_text import JsonText
from contract.product import REPEATED, CatalogRow

MAX_PRODUCTS = 10_000_000
"""The most products in a catalogue: without a limit, `{}` after `{}` would take an hour to reject."""

_COLUMNS = ("ProductID", "ProductName", "SellPrice")
_WRITE_BLOCK = 1 << 16


def write_catalog(rows: Iterable[CatalogRow]) -> Iterator[bytes]:
    """Yield the rows as a JSON array in UTF-8, one product a line, in blocks of about 64 KiB.

    A Decimal price is written as a string with exactly its digits. Raises TypeError for a value that
    JSON cannot represent.
    """
    block = ["["]
    size, separator = 1, "\n"
    for row in rows:
        line = separator + _line(row)
        separator = ",\n"
        block.append(line)
        size += len(line)
        if size >= _WRITE_BLOCK:
            yield "".join(block).encode()
            block, size = [], 0
    block.append("\n]\n")
    yield "".join(block).encode()


def _line(row: CatalogRow) -> str:
    try:
        return _encode(dict(zip(_COLUMNS, row, strict=True)))
    except ValueError:
        # A NaN or infinity is written as text, so that only its own product is rejected.
        texts = (str(value) if isinstance(value, float) else value for value in row)
        return _encode(dict(zip(_COLUMNS, texts, strict=True)))


def _digits(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    raise TypeError(f"a {type(value).__name__} can't be part of a catalogue")


_encode = json.JSONEncoder(default=_digits, ensure_ascii=True, allow_nan=False).encode


def read_catalog(blocks: Iterable[bytes]) -> Iterator[CatalogRow]:
    """Yield the rows of a catalogue in any of its forms, from the bytes of its blob.

    The forms: a JSON array of objects, one object a line, or an object with such an array under
    `products`; UTF-8 with or without a byte order mark; gzipped or not (the first bytes decide).
    Raises CatalogError, with the position and a plain reason, at the first byte that is wrong.
    """
    text = JsonText(decoded(decompressed(blocks)), _decode)
    for count, row in enumerate(_rows(text)):
        if count == MAX_PRODUCTS:
            raise text.error(f"it has more than {MAX_PRODUCTS:,} products")
        yield row


def _rows(text: JsonText) -> Iterator[CatalogRow]:
    first = text.peek()
    if first == "[":
        yield from _array(text)
    elif first == "{":
        yield from _object_or_lines(text)
    else:
        raise text.error(_why_no_catalog(first))
    if text.peek():
        raise text.error("there is more text after the catalogue's end")


def _why_no_catalog(first: str) -> str:
    if not first:
        return "the file is empty"
    if first == "<":
        return "this is a web page or XML, not JSON"
    return "a catalogue begins with [ or {"


def _array(text: JsonText) -> Iterator[CatalogRow]:
    text.expect("[")
    more = not text.take("]")
    while more:
        yield _row(text)
        more = text.goes_on("]")


def _object_or_lines(text: JsonText) -> Iterator[CatalogRow]:
    """Read one object after another; the first may turn out to be `{"products": […]}`."""
    columns: dict[str, Any] = {}  # only these keys are kept: there may be any number of others
    text.expect("{")
    more = not text.take("}")
    while more:
        name = text.key()
        if name == "products" and text.peek() == "[":
            yield from _array(text)
            _rest_of_object(text)
            return
        value = text.value()
        if name in _COLUMNS:
            columns[name] = REPEATED if name in columns else value
        more = text.goes_on("}")
    yield _columns(columns)
    while text.peek():
        yield _row(text)


def _rest_of_object(text: JsonText) -> None:
    while text.goes_on("}"):
        if text.key() == "products":
            raise text.error("`products` appears twice")
        text.value()


def _row(text: JsonText) -> CatalogRow:
    text.must_be("{", "a product in { }")
    return _columns(text.value())


def _columns(fields: dict[str, Any]) -> CatalogRow:
    return CatalogRow(*map(fields.get, _COLUMNS))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        fields.update({name: REPEATED for name in _COLUMNS if names.count(name) > 1})
    return fields


def _integer(digits: str) -> int | Decimal:
    # int() takes quadratic time and refuses more than 4,300 digits; no id or price is that long.
    return int(digits) if len(digits) <= 100 else Decimal("Infinity")


def _fraction(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent too large for a Decimal
        return Decimal("Infinity")


_decode = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=Decimal,  # NaN and Infinity aren't JSON, but one bad price must not stop the rest
).raw_decode
