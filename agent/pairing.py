"""Pairs the products of two catalogues by id, in little memory and whatever order they come in."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

from agent.changes import Change
from agent.shelf import PARTS, Shelf
from contract.product import Product

MOST_WAITING = 25_000
"""The most ids of each catalogue that wait in memory for the other one to come to them: some 10 MB."""


def pairs(before: Iterable[Product], now: Iterable[Product], file: IO[bytes]) -> Iterator[Change]:
    """Yield every product of two catalogues once, together with its twin in the other if it has one.

    A database orders text by its own rules, numbers as numbers and identifiers from the back, and
    the same table by other rules once a column's type has changed. So the order is not relied upon,
    but where it is about the same, hardly anything waits. What is too much for the memory goes to
    `file`, which is empty at first. If an id comes twice, its first products are twins, then its
    second ones; not so if they were too much for the memory. Raises OSError.
    """
    old_shelf, new_shelf = Shelf(file), Shelf(file)
    old, new = _Side(before, old_shelf), _Side(now, new_shelf)
    yield from _met(old, new)
    if old_shelf.is_empty and new_shelf.is_empty:
        yield from _alone(old, new)
        return
    old_shelf.put(old.left())
    new_shelf.put(new.left())
    for part in range(PARTS):
        some, others = _Side(old_shelf.products(part)), _Side(new_shelf.products(part))
        yield from _met(some, others)
        yield from _alone(some, others)


class _Side:
    """One of the two catalogues, with its products that the other one hasn't come to yet."""

    def __init__(self, products: Iterable[Product], shelf: Shelf | None = None) -> None:
        """Without a shelf, as many products wait in memory as there are."""
        self.products = iter(products)
        self.goes_on = True
        self._shelf = shelf
        self._waiting: dict[str | int, list[Product]] = {}

    def keep(self, product: Product) -> None:
        """Let a product wait."""
        self._waiting.setdefault(product.product_id, []).append(product)
        if self._shelf is not None and len(self._waiting) > MOST_WAITING:
            self._shelf.put(self.left())
            self._waiting = {}

    def take(self, product_id: str | int) -> Product | None:
        """Take the product with an id that has waited longest; None if there is none."""
        same = self._waiting.get(product_id)
        if same is None:
            return None
        if len(same) == 1:
            del self._waiting[product_id]
        return same.pop(0)

    def left(self) -> Iterator[Product]:
        """Yield what waits."""
        return chain.from_iterable(self._waiting.values())


def _met(old: _Side, new: _Side) -> Iterator[Change]:
    """Yield the pairs that are found while both are read, and let the other products wait.

    The one that finds a twin is behind, or level with the other, and so goes on. The one that finds
    none may be ahead, and lets the other go on.
    """
    here, there = old, new
    while here.goes_on:
        product = next(here.products, None)
        twin = None if product is None else there.take(product.product_id)
        if product is None:
            here.goes_on = False
        elif twin is None:
            here.keep(product)
        else:
            yield Change(twin, product) if here is new else Change(product, twin)
            continue
        if there.goes_on:
            here, there = there, here


def _alone(old: _Side, new: _Side) -> Iterator[Change]:
    """Yield what has no twin."""
    yield from (Change(product, None) for product in old.left())
    yield from (Change(None, product) for product in new.left())
