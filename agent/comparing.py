"""Compares a catalogue with the one that was last delivered, whatever order their rows are in."""

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from functools import partial
from itertools import islice
from typing import IO

from agent.changes import Changes, compare, order
from agent.kept_catalogs import UnreadableError
from agent.temporary_file import temporary_file
from contract.catalog import read_catalog
from contract.compression import CatalogError
from contract.product import Product, check_products

MOST_IN_MEMORY = 50_000
"""Products that are sorted at a time, about 15 MB; a larger catalogue is sorted in parts."""

_BLOCK = 1 << 16


def products_in(catalog: IO[bytes]) -> Iterator[Product]:
    """Yield the products of a catalogue that can be sent, in its own order; raises CatalogError."""
    blocks = iter(partial(catalog.read, _BLOCK), b"")
    for _, checked in check_products(read_catalog(blocks), ids_are_unique=True):
        if isinstance(checked, Product):
            yield checked


def changes_since(delivered: IO[bytes], products: Iterable[Product]) -> Changes:
    """Compare `products` with the catalogue that was last delivered.

    Raises UnreadableError if that can't be read, AgentError if there is no room to sort them.
    """
    return compare(in_order(_delivered(delivered)), in_order(products))


def _delivered(catalog: IO[bytes]) -> Iterator[Product]:
    try:
        yield from products_in(catalog)
    except (CatalogError, OSError) as error:
        raise UnreadableError(str(error)) from error


def in_order(products: Iterable[Product]) -> Iterator[Product]:
    """Yield the products ordered by id, with one or two times MOST_IN_MEMORY of them in memory.

    A database orders text by its own rules, numbers as numbers and identifiers from the back, and
    the same table by other rules once a column's type has changed: its order is not relied upon.
    """
    remaining = iter(products)
    first = sorted(islice(remaining, MOST_IN_MEMORY), key=order)
    following = next(remaining, None)
    if following is None:
        yield from first
        return
    sort = partial(_write_sorted, first, _preceded(following, remaining))
    with temporary_file(sort) as (file, ends):
        parts = [_read(file, start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        yield from heapq.merge(*parts, key=order)


def _preceded(first: Product, others: Iterator[Product]) -> Iterator[Product]:
    yield first
    yield from others


def _write_sorted(first: list[Product], others: Iterator[Product], file: IO[bytes]) -> list[int]:
    """Write the products in parts, each one in order; return where each part ends."""
    ends = []
    part = first
    while part:
        file.writelines(json.dumps(astuple(product)).encode() + b"\n" for product in part)
        ends.append(file.tell())
        part = sorted(islice(others, MOST_IN_MEMORY), key=order)
    return ends


def _read(file: IO[bytes], start: int, end: int) -> Iterator[Product]:
    """Yield the products between two places of a file that others read from, too."""
    rest = b""
    while start < end:
        file.seek(start)
        block = file.read(min(_BLOCK, end - start))
        start += len(block)
        *lines, rest = (rest + block).split(b"\n")
        yield from (Product(*json.loads(line)) for line in lines)
