"""What would change at Digible: one catalogue compared with another, product by product."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from contract.product import Product

EXAMPLES = 5
"""The most examples of each kind of change."""

OrderKey = tuple[int, int, str]


_END: Final[tuple[OrderKey, Product | None]] = ((2, 0, ""), None)
"""Comes after every product."""


class Kind(Enum):
    """What became of a product."""

    NEW = auto()
    REPRICED = auto()
    """It has another price, and perhaps another name."""

    RENAMED = auto()
    """It has another name, at the same price."""

    GONE = auto()
    UNCHANGED = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """A product as it was and as it is."""

    before: Product | None
    """None if it is new."""

    now: Product | None
    """None if it is gone."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How many products changed in which way, with the first examples of each."""

    counts: Mapping[Kind, int]
    examples: Mapping[Kind, tuple[Change, ...]]

    @property
    def before(self) -> int:
        """How many products there were."""
        return sum(count for kind, count in self.counts.items() if kind is not Kind.NEW)

    @property
    def doubtful(self) -> int:
        """How many products are gone or have another price: what a wrong column would do to all."""
        return self.counts[Kind.GONE] + self.counts[Kind.REPRICED]

    @property
    def share(self) -> float:
        """What share of the products that there were is gone or has another price, from 0 to 1."""
        return self.doubtful / self.before if self.before else 0.0


def order(product: Product) -> OrderKey:
    """Return what catalogues are ordered by to be compared: integers first, then text by code point."""
    if isinstance(product.product_id, int):
        return 0, product.product_id, ""
    return 1, 0, product.product_id


def compare(before: Iterable[Product], now: Iterable[Product]) -> Changes:
    """Compare two catalogues, each in `order`, side by side: neither is ever in memory."""
    counts = dict.fromkeys(Kind, 0)
    examples: dict[Kind, list[Change]] = {kind: [] for kind in Kind}
    for change in _pairs(iter(before), iter(now)):
        kind = _kind(change)
        counts[kind] += 1
        if len(examples[kind]) < EXAMPLES:
            examples[kind].append(change)
    return Changes(counts, {kind: tuple(found) for kind, found in examples.items()})


def _pairs(before: Iterator[Product], now: Iterator[Product]) -> Iterator[Change]:
    olds, news = map(_keyed, before), map(_keyed, now)
    old, new = next(olds, _END), next(news, _END)
    while old is not new:
        old_first, new_first = old[0] <= new[0], new[0] <= old[0]
        yield Change(old[1] if old_first else None, new[1] if new_first else None)
        old = next(olds, _END) if old_first else old
        new = next(news, _END) if new_first else new


def _keyed(product: Product) -> tuple[OrderKey, Product]:
    return order(product), product


def _kind(change: Change) -> Kind:
    match change:
        case Change(before=None):
            return Kind.NEW
        case Change(now=None):
            return Kind.GONE
        case Change(before=Product() as old, now=Product() as new):
            if not _costs_the_same(old, new):
                return Kind.REPRICED
            return Kind.RENAMED if old.product_name != new.product_name else Kind.UNCHANGED
    raise AssertionError(change)


def _costs_the_same(old: Product, new: Product) -> bool:
    """Return whether two prices are equal, however many zeros they end with."""
    if old.product_price == new.product_price:
        return True
    return Decimal(old.product_price) == Decimal(new.product_price)
