"""What would change at Digible: what became of each product, counted and with examples."""

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from contract.product import Product

EXAMPLES = 5
"""The most examples of each kind of change."""

_Order = tuple[int, int, str]
_AFTER_ALL: Final[_Order] = 2, 0, ""


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
    """How many products changed in which way, with the first examples of each, by id."""

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


class Tally:
    """Counts changes as they are found, in any order."""

    def __init__(self) -> None:
        self._groups = {kind: _Group() for kind in Kind}

    def add(self, change: Change) -> None:
        """Count one more."""
        self._groups[_kind(change)].add(change)

    def changes(self) -> Changes:
        """Return what was counted. The examples are those with the first ids, whenever they came."""
        return Changes(
            {kind: group.count for kind, group in self._groups.items()},
            {kind: tuple(group.examples) for kind, group in self._groups.items()},
        )


class _Group:
    """The changes of one kind: how many, and the first of them by id."""

    __slots__ = ("_last", "count", "examples")

    def __init__(self) -> None:
        self.count = 0
        self.examples: list[Change] = []
        self._last = _AFTER_ALL

    def add(self, change: Change) -> None:
        self.count += 1
        if _order(change) < self._last:
            insort(self.examples, change, key=_order)
            del self.examples[EXAMPLES:]
            if len(self.examples) == EXAMPLES:
                self._last = _order(self.examples[-1])


def _order(change: Change) -> _Order:
    """Return what examples are ordered by: integers first, then text by code point."""
    match change:
        case Change(now=Product(product_id=found)) | Change(before=Product(product_id=found)):
            return (0, found, "") if isinstance(found, int) else (1, 0, found)
    raise AssertionError(change)


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
