"""Compares a catalogue with the one that was last delivered, whatever order their rows are in."""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from typing import IO

from agent.changes import Changes, Tally
from agent.kept_catalogs import UnreadableError
from agent.pairing import pairs
from agent.temporary_file import temporary_file
from contract.catalog import read_line
from contract.compression import CatalogError, decompressed
from contract.json_text import MAX_VALUE
from contract.product import Product, check_product

_BLOCK = 1 << 16
_REMEMBERED = 32  # lines, each up to 1 MB; two catalogues in about the same order need two or three


def products_in(catalog: IO[bytes]) -> Iterator[Product]:
    """Yield the products that can be sent of a catalogue that `write_catalog` wrote, in its own order.

    They are those of `check_products` with unique ids, found much faster, because most lines of two
    catalogues that are read side by side are the same. Raises CatalogError for any other text.
    """
    sent: str | int | None = None
    for number, line in _lines(catalog):
        try:
            product = _product(line)
        except ValueError as error:
            raise CatalogError(str(error), f"line {number:,}") from None
        if product is not None and product.product_id != sent:
            sent = product.product_id
            yield product


@lru_cache(_REMEMBERED)
def _product(line: bytes) -> Product | None:
    """Return the product in a line, or None if it can't be sent; raises ValueError."""
    checked = check_product(read_line(line), 0)
    return checked if isinstance(checked, Product) else None


def _lines(catalog: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines between the brackets with their numbers, from 1."""
    lines = enumerate(_split(catalog), 1)
    number, line = next(lines)
    if line != b"[":
        raise CatalogError("it doesn't begin with [", "line 1")
    for number, line in lines:
        if line == b"]":
            break
        yield number, line
    else:
        raise CatalogError("the file ends too early", f"line {number:,}")
    for number, line in lines:
        if line:
            raise CatalogError("there is more text after the catalogue's end", f"line {number:,}")


def _split(catalog: IO[bytes]) -> Iterator[bytes]:
    """Yield every line; there is at least one."""
    number, rest = 1, b""
    for block in decompressed(iter(partial(catalog.read, _BLOCK), b"")):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
        number += len(lines)
        if len(rest) > MAX_VALUE:
            raise CatalogError(f"it is longer than {MAX_VALUE:,} characters", f"line {number:,}")
    yield rest


def changes_since(delivered: IO[bytes], products: Iterable[Product]) -> Changes:
    """Compare `products` with the catalogue that was last delivered.

    Raises UnreadableError if that can't be read, AgentError if there is no room for a comparison.
    """
    return compare(_delivered(delivered), products)


def compare(before: Iterable[Product], now: Iterable[Product]) -> Changes:
    """Compare two catalogues; raises AgentError if there is no room for it."""
    tally = Tally()

    def count(file: IO[bytes]) -> None:
        for change in pairs(before, now, file):
            tally.add(change)

    with temporary_file(count):
        return tally.changes()


def _delivered(catalog: IO[bytes]) -> Iterator[Product]:
    try:
        yield from products_in(catalog)
    except (CatalogError, OSError) as error:
        raise UnreadableError(str(error)) from error
