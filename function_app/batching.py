"""Which products are sent together: a pure decision."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from contract.product import Product
from contract.run import Checkpoint

BATCH_SIZE = 200
"""The most products in one POST (as in shopMaster)."""

_NOTHING = Checkpoint()


@dataclass(frozen=True, slots=True)
class Batch:
    """Products that are sent in one POST."""

    number: int
    """From 1, in the order of the catalogue; the same however often the run is resumed."""

    start: int
    """How many products that can be sent come before it."""

    rows: tuple[int, ...]
    """Each product's row in the catalogue, from 1."""

    products: tuple[Product, ...]

    @property
    def is_rest(self) -> bool:
        """Whether the batch's first products are already settled."""
        return self.start % BATCH_SIZE > 0

    @property
    def end(self) -> int:
        """How many products that can be sent come before its end."""
        return self.start + len(self.products)

    def part(self, first: int, last: int | None = None) -> "Batch":
        """Return its products from `first` (from 0) to before `last`, or to its end."""
        return Batch(
            self.number, self.start + first, self.rows[first:last], self.products[first:last]
        )

    def shares_a_product_with(self, other: "Batch") -> bool:
        """Return whether an id is in both: then their order decides which price remains."""
        return not self.ids.isdisjoint(other.ids)

    @property
    def ids(self) -> set[str]:
        """The products' ids as text: 1 and "1" may be the same product to Digible."""
        return {str(product.product_id) for product in self.products}


def total_batches(products: int) -> int:
    """Return the number of batches that this many products make."""
    return -(-products // BATCH_SIZE)


def batches(
    products: Iterable[tuple[int, Product]], done: Checkpoint = _NOTHING
) -> Iterator[Batch]:
    """Yield the products (each with its row) in batches, without those that are `done`.

    The cuts are always in the same places: a batch that is half done yields its rest.
    """
    start = done.position
    source = islice(products, start, None)
    while taken := tuple(islice(source, BATCH_SIZE - start % BATCH_SIZE)):
        number = start // BATCH_SIZE + 1
        if number not in done.ahead:
            rows, chosen = zip(*taken, strict=True)
            yield Batch(number, start, rows, chosen)
        start += len(taken)
