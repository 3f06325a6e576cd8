"""The catalogues that are dropped: every version of every product has a price of its own."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from contract.blobs import parse_name, run_of
from contract.run import RunState

BATCH = 200
_UNFIT_AFTER = 300  # in the middle of a batch: from there on, rows and places of products differ


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue as it was put into storage, and what is to become of it."""

    store: str
    name: str
    """Of its blob."""

    age: int
    """Tells which of a store's catalogues is the newest: the one with the highest."""

    products: Mapping[str, str]
    """Price by id of all that can be sent; empty for one that is no good."""

    may_end: frozenset[RunState]
    unfit: int = 0
    """How many of its rows can't be sent."""

    name_length: int = 0
    """Characters of each product's name at least: so many make a large blob."""

    etag: str = ""
    may_be_missed: bool = False
    """Whether it may have no run, being overwritten before anybody saw it."""

    is_withdrawn: bool = False
    """Whether it was deleted: what of it arrives is left open, unless its record says more."""

    @property
    def run(self) -> str:
        """The id of its run."""
        return run_of(parse_name(self.name), self.etag)[1]

    def stored(self, etag: str) -> "Catalogue":
        """Give the catalogue as it is stored."""
        return replace(self, etag=etag)


def good(store: str, batches: int, version: int = 1, name: str = "") -> Catalogue:
    """Give a catalogue of so many full batches and one row that can't be sent."""
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
    """Give a catalogue after which a newer one is dropped at once."""
    may_end = catalogue.may_end | {RunState.SUPERSEDED}
    return replace(catalogue, may_end=may_end, may_be_missed=may_be_missed)


def price(version: int, number: int) -> str:
    """Give a price that no other version of the product has, some with a nought at the end."""
    return f"{version}.{number % 100:02d}"


def text(catalogue: Catalogue) -> bytes:
    """Give a good catalogue's blob, gzipped if its name says so."""
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
