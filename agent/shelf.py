"""Puts products into a file where they are found again by their ids, a part of them at a time."""

import json
from collections.abc import Iterable, Iterator
from io import SEEK_END
from itertools import starmap
from typing import IO

from contract.product import Product

PARTS = 64
"""With a million products, some 16,000 of them are in each part."""


class Shelf:
    """Products in a file, which others may use as well; the same id is in the same part on each shelf."""

    def __init__(self, file: IO[bytes]) -> None:
        """Take the file; it is written to at its end."""
        self._file = file
        self._blocks: list[list[tuple[int, int]]] = [[] for _ in range(PARTS)]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was put here."""
        return not any(self._blocks)

    def put(self, products: Iterable[Product]) -> None:
        """Put products here; raises OSError."""
        parts: list[list[tuple[str | int, str, str]]] = [[] for _ in range(PARTS)]
        for each in products:
            row = each.product_id, each.product_name, each.product_price
            parts[_part(each.product_id)].append(row)
        for blocks, part in zip(self._blocks, parts, strict=True):
            if part:
                start = self._file.seek(0, SEEK_END)
                blocks.append((start, self._file.write(json.dumps(part).encode())))

    def products(self, part: int) -> Iterator[Product]:
        """Yield the products of a part, the ones put here first at the front; raises OSError."""
        for start, size in self._blocks[part]:
            self._file.seek(start)
            yield from starmap(Product, json.loads(self._file.read(size)))


def _part(product_id: str | int) -> int:
    # An integer's own hash is the integer: ids that are all multiples of 64 would be in one part.
    return hash((product_id,)) % PARTS
