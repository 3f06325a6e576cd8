"""The use case of a dry run: read everything, check it as the function would, send nothing."""

from dataclasses import dataclass

from agent.errors import EmptyTableError
from agent.export import CountedRows, ProductSource, Progress
from contract.catalog import read_catalog, write_catalog
from contract.product import Product, Rejection, check_products
from contract.run import MAX_REJECTIONS

_FIRST = 5


@dataclass(frozen=True, slots=True)
class Preview:
    """What an upload would send."""

    read: int
    sendable: int
    first: tuple[Product, ...]
    """The first few products that would be sent."""

    rejections: tuple[Rejection, ...]
    """The first products that would not be sent; `rejected` counts all of them."""

    @property
    def rejected(self) -> int:
        """How many products would be left out."""
        return self.read - self.sendable


def preview(source: ProductSource, progress: Progress) -> Preview:
    """Check every row of `source`; raises EmptyTableError if there are none."""
    rows = CountedRows(source, progress)
    sendable = 0
    first: list[Product] = []
    rejections: list[Rejection] = []
    # Through the catalogue's JSON, so that each value is checked as the function will see it.
    for _, checked in check_products(read_catalog(write_catalog(rows)), ids_are_unique=True):
        if isinstance(checked, Product):
            sendable += 1
            if len(first) < _FIRST:
                first.append(checked)
        elif len(rejections) < MAX_REJECTIONS:
            rejections.append(checked)
    if not rows.number:
        raise EmptyTableError
    return Preview(rows.number, sendable, tuple(first), tuple(rejections))
