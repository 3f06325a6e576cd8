"""The use case of a dry run: read everything, check it as the function would, send nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.changes import Changes
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

    changes: Changes | None = None
    """What would change; None if there is nothing to compare with."""

    @property
    def rejected(self) -> int:
        """How many products would be left out."""
        return self.read - self.sendable


def preview(
    source: ProductSource,
    progress: Progress,
    compare: Callable[[Iterator[Product]], Changes] | None = None,
) -> Preview:
    """Check every row of `source`, and let `compare` say what the products that can be sent would change.

    Raises EmptyTableError if there are no rows, and whatever `compare` raises.
    """
    rows = CountedRows(source, progress)
    checked = _Checked(rows)
    changes = None
    if compare is not None:
        changes = compare(checked.products())
    else:
        for _ in checked.products():
            pass
    if not rows.number:
        raise EmptyTableError
    return Preview(
        rows.number, checked.sendable, tuple(checked.first), tuple(checked.rejections), changes
    )


class _Checked:
    """The rows of a source, checked as they pass."""

    def __init__(self, rows: CountedRows) -> None:
        self.sendable = 0
        self.first: list[Product] = []
        self.rejections: list[Rejection] = []
        self._rows = rows

    def products(self) -> Iterator[Product]:
        """Yield those that can be sent."""
        # Through the catalogue's JSON, so that each value is checked as the function will see it.
        rows = read_catalog(write_catalog(self._rows))
        for _, checked in check_products(rows, ids_are_unique=True):
            if isinstance(checked, Product):
                self.sendable += 1
                if len(self.first) < _FIRST:
                    self.first.append(checked)
                yield checked
            elif len(self.rejections) < MAX_REJECTIONS:
                self.rejections.append(checked)
