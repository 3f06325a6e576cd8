"""The catalogue as JSON, written and read as a stream: neither side ever holds a whole one in memory."""

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from contract.compression import CatalogError, decoded, decompressed
from contract.product import REPEATED, CatalogRow

MAX_VALUE = 1 << 20
"""Characters of one product (or other JSON value) at most: what is longer is no product."""

_COLUMNS = ("ProductID", "ProductName", "SellPrice")
_WRITE_BLOCK = 1 << 16
_LONGEST_TOKEN = 16  # an escaped pair such as \ud83d\ude00, or -Infinity, and to spare
_SPACE = re.compile(r"[ \t\r\n]*")


def write_catalog(rows: Iterable[CatalogRow]) -> Iterator[bytes]:
    """Give the rows as a JSON array in UTF-8, one product a line, in blocks of about 64 KiB.

    A price that is a Decimal is written as a string with exactly its digits; a value that JSON
    has no form for raises TypeError.
    """
    block = ["["]
    size, separator = 1, "\n"
    for row in rows:
        line = separator + _encode(dict(zip(_COLUMNS, row, strict=True)))
        separator = ",\n"
        block.append(line)
        size += len(line)
        if size >= _WRITE_BLOCK:
            yield "".join(block).encode()
            block, size = [], 0
    block.append("\n]\n")
    yield "".join(block).encode()


def _digits(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    raise TypeError(f"a {type(value).__name__} can't be part of a catalogue")


_encode = json.JSONEncoder(default=_digits, ensure_ascii=True, allow_nan=False).encode


def read_catalog(blocks: Iterable[bytes]) -> Iterator[CatalogRow]:
    """Give the rows of a catalogue in any of its forms, from the bytes of its blob.

    The forms: a JSON array of objects, one object a line, or an object with such an array under
    `products`; UTF-8 with or without a byte order mark; gzipped or not (told by its first bytes).
    Raises CatalogError, with the position and a plain reason, at the first byte that is wrong.
    """
    text = _Text(decoded(decompressed(blocks)))
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


def _array(text: "_Text") -> Iterator[CatalogRow]:
    text.expect("[")
    if text.peek() == "]":
        text.expect("]")
        return
    while True:
        yield _row(text)
        if text.peek() == "]":
            break
        text.expect(",")
    text.expect("]")


def _object_or_lines(text: "_Text") -> Iterator[CatalogRow]:
    """Read one object after another; the first may turn out to be `{"products": […]}`."""
    fields: dict[str, Any] = {}
    start = text.position()
    text.expect("{")
    while text.peek() != "}":
        if fields:
            text.expect(",")
        name = text.value()
        if not isinstance(name, str):
            raise text.error("a key in double quotes was expected", start)
        text.expect(":")
        if name == "products" and text.peek() == "[":
            yield from _array(text)
            yield from _rest_of_object(text)
            return
        fields = _object([*fields.items(), (name, text.value())])
    text.expect("}")
    yield _columns(fields)
    while text.peek():
        yield _row(text)


def _rest_of_object(text: "_Text") -> Iterator[CatalogRow]:
    while text.peek() == ",":
        text.expect(",")
        name = text.value()
        text.expect(":")
        if name == "products":
            raise text.error("`products` stands twice")
        text.value()
    text.expect("}")
    yield from ()


def _row(text: "_Text") -> CatalogRow:
    if text.peek() != "{":
        raise text.error("a product in { } was expected")
    return _columns(text.value())


def _columns(fields: dict[str, Any]) -> CatalogRow:
    return CatalogRow(*map(fields.get, _COLUMNS))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        fields.update({name: REPEATED for name in fields if names.count(name) > 1})
    return fields


def _integer(digits: str) -> int | Decimal:
    # int() is quadratic and refuses more than 4,300 digits; nothing that long is an id or a price.
    return int(digits) if len(digits) <= 100 else Decimal("Infinity")


def _fraction(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent that no Decimal holds
        return Decimal("Infinity")


_decode = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=Decimal,  # NaN and Infinity: not JSON, but one bad price must not stop the others
).raw_decode


class _Text:
    """A window on the catalogue's text, from which whole JSON values are taken one by one."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self._window = ""
        self._at = 0
        self._lines = 1
        self._columns = 0

    def peek(self) -> str:
        """Skip white space and give the next character, or "" at the end."""
        while True:
            self._at = _SPACE.match(self._window, self._at).end()  # type: ignore[union-attr]  # matches always
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more():
                return ""

    def expect(self, character: str) -> None:
        """Take `character`; raises CatalogError if another one stands there."""
        found = self.peek()
        if found != character:
            what = "the file ends too early" if not found else f"{character} was expected"
            raise self.error(what)
        self._at += 1

    def value(self) -> Any:
        """Take the next JSON value, whole."""
        self.peek()
        while True:
            try:
                value, end = _decode(self._window, self._at)
            except json.JSONDecodeError as error:
                self._complete_or_raise(error)
            except RecursionError:
                raise self.error("it is nested too deep") from None
            else:
                # A number at the window's end may go on in the next block; the others say where they end.
                if self._window[end - 1] in '}]"' or end < len(self._window) or not self._more():
                    self._at = end
                    return value

    def _complete_or_raise(self, error: json.JSONDecodeError) -> None:
        """Read on, if the value may only be cut off by the window's end."""
        place = self.position(error.pos - self._at)
        unclosed = error.msg.startswith("Unterminated")
        at_end = unclosed or error.pos >= len(self._window) - _LONGEST_TOKEN
        if at_end and len(self._window) - self._at > MAX_VALUE:
            raise self.error(f"a single value is longer than {MAX_VALUE:,} characters")
        if at_end and self._more():
            return
        if unclosed or error.pos >= len(self._window):
            raise self.error(
                "the file ends too early: it was cut off, or a quote is missing", place
            )
        raise self.error(error.msg[:1].lower() + error.msg[1:], place)

    def position(self, distance: int = 0) -> tuple[int, int]:
        """Give the line and column of the character `distance` further on, both from 1."""
        return self._place(self._window[: self._at + distance])

    def error(self, reason: str, place: tuple[int, int] | None = None) -> CatalogError:
        """Make the error for what is wrong here, or at another line and column."""
        line, column = place or self.position()
        return CatalogError(reason, f"line {line:,}, column {column:,}")

    def _more(self) -> bool:
        block = next(self._blocks, None)
        if block is None:
            return False
        self._lines, column = self._place(self._window[: self._at])
        self._columns = column - 1
        self._window = self._window[self._at :] + block
        self._at = 0
        return True

    def _place(self, before: str) -> tuple[int, int]:
        breaks = before.count("\n")
        if breaks:
            return self._lines + breaks, len(before) - before.rfind("\n")
        return self._lines, self._columns + len(before) + 1
