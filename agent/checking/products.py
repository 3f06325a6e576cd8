"""Checks the products as the upload would: how many there are, and how many of them can be sent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.checking.row import Row, Subject, failed, ok, warning
from agent.errors import AgentError, EmptyTableError
from contract.catalog import read_catalog, write_catalog
from contract.product import REPEATED_ID, CatalogRow, Product, check_products

_ROWS_A_LOOK = 1000
_DRY_RUN = "`shopmaster upload --dry-run` lists them."


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at the products found."""

    read: int
    sendable: int
    repeated: int
    """How many have the id of a product before them."""

    is_whole: bool = True
    """Whether all rows were read."""


def scan(rows: Iterable[CatalogRow], monotonic: Callable[[], float], seconds: float) -> Scan:
    """Look at the rows, which are ordered by id, for about that time at the most."""
    ends = monotonic() + seconds
    read = sendable = repeated = 0
    # Through the catalogue's JSON, so that each value is checked as the function will see it.
    for read, outcome in check_products(read_catalog(write_catalog(rows)), ids_are_unique=True):
        if isinstance(outcome, Product):
            sendable += 1
        elif outcome.reason == REPEATED_ID:
            repeated += 1
        if read % _ROWS_A_LOOK == 0 and monotonic() > ends:
            return Scan(read, sendable, repeated, is_whole=False)
    return Scan(read, sendable, repeated)


def products_row(found: Scan) -> Row:
    """Return the row about the products."""
    subject = Subject.PRODUCTS
    rejected = found.read - found.sendable
    if not found.read:
        return failed(subject, EmptyTableError())
    if not found.sendable:
        cause = f"None of the {_products(found)} can be sent."
        remedy = (
            "`shopmaster upload --dry-run` says why for each. If they are other columns than you "
            "meant, correct [columns] in the settings."
        )
        return failed(subject, AgentError(cause, remedy))
    if found.repeated:
        cause = (
            f"{_products(found)}: {found.repeated:,} have the id of another one, and only the first of "
            "each is sent."
        )
        remedy = (
            f"Give each product its own id in your shop's program. {_DRY_RUN} If your ids are in another "
            "column, correct `product_id` under [columns] in the settings."
        )
        return warning(subject, cause, remedy)
    if rejected:
        cause = f"{_products(found)}: {rejected:,} can't be sent, all others can."
        return warning(subject, cause, f"Correct them in your shop's program. {_DRY_RUN}")
    return ok(subject, f"{_products(found)}, each with an id of its own")


def _products(found: Scan) -> str:
    one = f"{found.read:,} product{'' if found.read == 1 else 's'}"
    return one if found.is_whole else f"first {one}"
