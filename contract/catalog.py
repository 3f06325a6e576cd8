"""The catalogue as JSON, written and read as a stream: neither side ever has all of it in memory."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

from contract.compression import decoded, decompressed
from contract.json_text import MAX_VALUE, JsonText
from contract.product import COLUMNS, NOT_A_PRODUCT, REPEATED, CatalogRow

MAX_PRODUCTS = 10_000_000
"""The most products in a catalogue: without a limit, `{}` after `{}` would take an hour to reject."""

MAX_KEYS = 12
"""The most keys that are remembered of a catalogue's objects, for whoever has to correct it."""

_WRITE_BLOCK = 1 << 16
_LINE_ENDS = {"", ","}
_NOT_A_LINE = "this is not a product"


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
        return _encode(dict(zip(COLUMNS, row, strict=True)))
    except ValueError:
        # A NaN or infinity is written as text, so that only its own product is rejected.
        texts = (str(value) if isinstance(value, float) else value for value in row)
        return _encode(dict(zip(COLUMNS, texts, strict=True)))


def _digits(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    raise TypeError(f"a {type(value).__name__} can't be part of a catalogue")


_encode = json.JSONEncoder(default=_digits, ensure_ascii=True, allow_nan=False).encode


def read_line(line: bytes) -> CatalogRow:
    """Return the row in a line that `write_catalog` wrote between the brackets.

    Raises ValueError, with a plain reason, if it isn't one.
    """
    try:
        text = line.decode()
        fields, end = _decode(text, 0)
    except (ValueError, RecursionError):
        raise ValueError(_NOT_A_LINE) from None
    if not isinstance(fields, dict) or text[end:] not in _LINE_ENDS:
        raise ValueError(_NOT_A_LINE)
    return _columns(fields)


class CatalogReader:
    """The rows of a catalogue in any of its forms, read once from the bytes of its blob.

    The forms: a JSON array of objects, one object a line, or an object with such an array under
    `products`; UTF-8 with or without a byte order mark; gzipped or not (the first bytes decide).
    An object with none of the three keys is yielded as NOT_A_PRODUCT. Raises CatalogError, with the
    position and a plain reason, at the first byte that is wrong.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.keys: dict[str, None] = {}
        """The first keys that its objects have, up to MAX_KEYS, in the order in which they were found."""

        self._text = JsonText(decoded(decompressed(blocks)), _decode)

    def __iter__(self) -> Iterator[CatalogRow]:
        for count, row in enumerate(self._rows()):
            if count == MAX_PRODUCTS:
                raise self._text.error(f"it has more than {MAX_PRODUCTS:,} products")
            yield row

    def _rows(self) -> Iterator[CatalogRow]:
        text = self._text
        first = text.peek()
        if first == "[":
            yield from self._array()
        elif first == "{":
            yield from self._object_or_lines()
        else:
            raise text.error(_why_not_a_catalog(first))
        if text.peek():
            raise text.error("there is more text after the catalogue's end")

    def _array(self) -> Iterator[CatalogRow]:
        self._text.expect("[")
        more = not self._text.take("]")
        while more:
            yield self._row()
            more = self._text.goes_on("]")

    def _row(self) -> CatalogRow:
        self._text.must_be("{", "a product in { }")
        fields: dict[str, Any] = self._text.value()
        self._remember(fields)
        return _columns(fields)

    def _remember(self, names: Iterable[str]) -> None:
        if len(self.keys) < MAX_KEYS:
            new = (name for name in names if name not in self.keys)
            self.keys.update(dict.fromkeys(islice(new, MAX_KEYS - len(self.keys))))

    def _object_or_lines(self) -> Iterator[CatalogRow]:
        """Read one object after another; the first may turn out to be `{"products": […]}`."""
        text, columns = self._text, dict[str, Any]()
        start = text.taken
        text.expect("{")
        more = not text.take("}")
        while more:
            name = text.key()
            if name == "products" and text.peek() == "[":
                around = text.taken - start
                yield from self._array()
                self._rest_of_object(text.taken - around)
                return
            value = text.value()
            if name in COLUMNS:
                columns[name] = REPEATED if name in columns else value
            self._remember([name])
            self._limit(start)
            more = text.goes_on("}")
        yield _columns(columns)
        while text.peek():
            yield self._row()

    def _rest_of_object(self, start: int) -> None:
        while self._text.goes_on("}"):
            if self._text.key() == "products":
                raise self._text.error("`products` appears twice")
            self._text.value()
            self._limit(start)

    def _limit(self, start: int) -> None:
        """Limit what an object has apart from its products, which is read value by value."""
        if self._text.taken - start > MAX_VALUE:
            raise self._text.error(
                f"a single object is longer than {MAX_VALUE:,} characters, not counting `products`"
            )


def read_catalog(blocks: Iterable[bytes]) -> Iterator[CatalogRow]:
    """Yield the rows of a catalogue, as CatalogReader does."""
    return iter(CatalogReader(blocks))


def _why_not_a_catalog(first: str) -> str:
    if not first:
        return "the file is empty"
    if first == "<":
        return "this is a web page or XML, not JSON"
    return "a catalogue begins with [ or {"


def _columns(fields: dict[str, Any]) -> CatalogRow:
    row = CatalogRow(*map(fields.get, COLUMNS))
    if row == NOT_A_PRODUCT and not any(name in fields for name in COLUMNS):
        return NOT_A_PRODUCT
    return row


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        fields.update({name: REPEATED for name in COLUMNS if names.count(name) > 1})
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
