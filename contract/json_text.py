"""JSON values taken one by one from a text that arrives in blocks, so it is never in memory as a whole."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from contract.compression import CatalogError

MAX_VALUE = 1 << 20
"""The most characters in one product (or other JSON value): anything longer is not a product."""

Decode: TypeAlias = Callable[[str, int], tuple[Any, int]]

_LONGEST_TOKEN = 16  # more than an escaped pair such as \ud83d\ude00, or -Infinity, needs
_SPACE = re.compile(r"[ \t\r\n]*")


class JsonText:
    """A window on a JSON text, from which whole values are taken one by one.

    Every method skips white space first, and raises CatalogError where it finds something else.
    """

    def __init__(self, blocks: Iterator[str], decode: Decode) -> None:
        """`decode` returns the value that begins at an index, and the index after the value."""
        self._blocks = blocks
        self._decode = decode
        self._window = ""
        self._at = 0
        self._before = 0
        self._lines = 1
        self._columns = 0

    @property
    def taken(self) -> int:
        """How many characters have been taken so far."""
        return self._before + self._at

    def peek(self) -> str:
        """Skip white space and return the next character, or "" at the end."""
        while True:
            self._at = _SPACE.match(self._window, self._at).end()  # type: ignore[union-attr]  # matches always
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more():
                return ""

    def expect(self, character: str) -> None:
        """Take `character`; raises CatalogError if another one comes next."""
        self.must_be(character, character)
        self._at += 1

    def take(self, character: str) -> bool:
        """Take `character` if it comes next; return whether it did."""
        taken = self.peek() == character
        self._at += taken
        return taken

    def goes_on(self, closing: str) -> bool:
        """Take the comma before another element, or the bracket after the last one.

        Returns whether it was the comma.
        """
        if self.take(","):
            return True
        self.must_be(closing, f", or {closing}")
        return not self.take(closing)

    def must_be(self, character: str, what: str) -> None:
        """Raise CatalogError, saying that `what` was expected, unless `character` comes next."""
        found = self.peek()
        if found != character:
            raise self.error(f"{what} was expected" if found else "the file ends too early")

    def key(self) -> str:
        """Take an object's key and the colon after it."""
        self.must_be('"', "a key in double quotes")
        name: str = self.value()
        self.expect(":")
        return name

    def value(self) -> Any:
        """Take the next JSON value."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._window, self._at)
            except json.JSONDecodeError as error:
                self._complete_or_raise(error)
            except RecursionError:
                raise self.error("it is nested too deep") from None
            else:
                if end - self._at > MAX_VALUE:
                    raise self._too_long()
                if not (self._may_go_on(end) and self._more()):
                    self._at = end
                    return value

    def _may_go_on(self, end: int) -> bool:
        """Return whether a value that ends there may be a number with more to come: `1` of `1.5`."""
        return self._window[end - 1] not in '}]"' and end + 2 >= len(self._window)

    def _complete_or_raise(self, error: json.JSONDecodeError) -> None:
        """Read more if the value may merely be cut off by the end of the window."""
        place = self.position(error.pos - self._at)
        unclosed = error.msg.startswith("Unterminated")
        at_end = unclosed or error.pos >= len(self._window) - _LONGEST_TOKEN
        if at_end and len(self._window) - self._at > MAX_VALUE:
            raise self._too_long()
        if at_end and self._more():
            return
        if unclosed or error.pos >= len(self._window):
            raise self.error(
                "the file ends too early: it was cut off, or a quote is missing", place
            )
        raise self.error(error.msg[:1].lower() + error.msg[1:], place)

    def _too_long(self) -> CatalogError:
        return self.error(f"a single value is longer than {MAX_VALUE:,} characters")

    def position(self, distance: int = 0) -> tuple[int, int]:
        """Return the line and column, both from 1, of the character `distance` further on."""
        return self._place(self._window[: self._at + distance])

    def error(self, reason: str, place: tuple[int, int] | None = None) -> CatalogError:
        """Return the error for what is wrong here, or at another line and column."""
        line, column = place or self.position()
        return CatalogError(reason, f"line {line:,}, column {column:,}")

    def _more(self) -> bool:
        block = next(self._blocks, None)
        if block is None:
            return False
        self._lines, column = self._place(self._window[: self._at])
        self._columns = column - 1
        self._before += self._at
        self._window = self._window[self._at :] + block
        self._at = 0
        return True

    def _place(self, before: str) -> tuple[int, int]:
        breaks = before.count("\n")
        if breaks:
            return self._lines + breaks, len(before) - before.rfind("\n")
        return self._lines, self._columns + len(before) + 1
