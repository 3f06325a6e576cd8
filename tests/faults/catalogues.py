"""The catalogues that faults put into storage: each has its own price for every product."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from contract.blobs import parse_name, run_of
from contract.run import RunState

BATCH = 200
# In the middle of a batch: from there on, the row of a product differs from its position.
_UNFIT_AFTER = 300


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue that is put into storage, and what should become of it."""

    store: str
    name: str
    """The name of its blob."""

    age: int
    """The newest of a store's catalogues has the highest."""

    products: Mapping[str, str]
    """The price of each product that can be sent, by id; empty for an invalid catalogue."""

    may_end: frozenset[RunState]
    unfit: int = 0
    """How many rows can't be sent."""

    refused: frozenset[str] = frozenset()
    """The ids of products that Digible refuses."""

    name_length: int = 0
    """The least number of characters in a product's name; long names make a large blob."""

    etag: str = ""
    may_be_missed: bool = False
    """Whether it may have no run, because it was overwritten before anybody saw it."""

    is_withdrawn: bool = False
    """Whether it was deleted: any part of it may arrive, unless its record says that all did."""

    @property
    def run(self) -> str:
        """The id of the catalogue's run."""
        return run_of(parse_name(self.name), self.etag)[1]

    def stored(self, etag: str) -> "Catalogue":
        """Return the catalogue with the ETag of its stored blob."""
        return replace(self, etag=etag)


def good(store: str, batches: int, version: int = 1, name: str = "") -> Catalogue:
    """Return a catalogue of that many full batches and one row that can't be sent."""
    return Catalogue(
        store=store,
        name=name or f"{store}/catalogue.json.gz",
        age=version,
        products={
            f"{store}-{number}": price(version, number) for number in range(1, batches * BATCH + 1)
        },
        unfit=1,
        may_end=frozenset({RunState.COMPLETED_WITH_REJECTIONS}),
    )


def overtaken(catalogue: Catalogue, *, may_be_missed: bool) -> Catalogue:
    """Return the catalogue as one that a newer one follows at once."""
    may_end = catalogue.may_end | {RunState.SUPERSEDED}
    return replace(catalogue, may_end=may_end, may_be_missed=may_be_missed)


def price(version: int, number: int) -> str:
    """Return a price that no other version of the product has; some prices end in a zero."""
    return f"{version}.{number % 100:02d}"


def text(catalogue: Catalogue) -> bytes:
    """Return a good catalogue's blob, gzipped if its name says so."""
    length = catalogue.name_length
    rows = [
        {
            "ProductID": each,
            "ProductName": f"Product {each}".ljust(length, "."),
            "SellPrice": amount,
        }
        for each, amount in catalogue.products.items()
    ]
    for _ in range(catalogue.unfit):
        rows.insert(_UNFIT_AFTER, {"ProductID": "unfit", "ProductName": "No price"})
    data = json.dumps(rows).encode()
    return gzip.compress(data, 1) if catalogue.name.endswith(".gz") else data
