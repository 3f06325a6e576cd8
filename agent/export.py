"""The use case: turn every row of the shop's table into a catalogue, and upload it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from agent.errors import EmptyTableError
from contract.blobs import CatalogMetadata, RunId, StoreName, parse_name, run_of
from contract.catalog import write_catalog
from contract.compression import compressed
from contract.product import CatalogRow
from contract.telemetry import new_traceparent

_ROWS_A_STEP = 500


class ProductSource(Protocol):
    """A table of products."""

    def rows(self) -> Iterator[CatalogRow]:
        """Yield every row, ordered by product id."""

    def count(self) -> int | None:
        """Return the number of rows, or None if counting them would take too long."""


class CatalogStore(Protocol):
    """Where catalogues go."""

    def put(
        self, name: str, catalog: IO[bytes], metadata: CatalogMetadata, sent: Callable[[int], None]
    ) -> str:
        """Upload a catalogue, whole or not at all, and return its ETag.

        `sent` is called with the number of bytes sent so far.
        """


class Progress(Protocol):
    """Shows the user how far a command is."""

    def begin(self, what: str, unit: str, total: Callable[[], int | None]) -> None:
        """A new step begins; the one before it has ended. `total` may take some time to answer."""

    def reach(self, done: int, total: int | None = None, detail: str = "") -> None:
        """`done` is the work done so far, and `total` all of it if that is better known by now.

        `detail` says more of how far it is, such as `batch 6 of 50`.
        """

    def say(self, sentence: str) -> None:
        """Something happened that the user should know about."""

    def end(self) -> None:
        """The step is done."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A catalogue that was uploaded, and its run."""

    store: StoreName
    run: RunId
    metadata: CatalogMetadata


def write_products(
    source: ProductSource,
    target: IO[bytes],
    progress: Progress,
    *,
    packed: bool,
    traceparent: str | None = None,
) -> CatalogMetadata:
    """Write every row of `source` to `target` as a catalogue, gzipped if `packed`; return its metadata.

    `traceparent` is the W3C trace context that it is part of; without one, it gets its own.
    Raises EmptyTableError if there are no rows: that is a mistake somewhere, not an empty shop.
    """
    rows = CountedRows(source, progress)
    text = write_catalog(rows)
    digest = hashlib.sha256()
    for block in compressed(text) if packed else text:
        digest.update(block)
        target.write(block)
    if not rows.number:
        raise EmptyTableError
    return CatalogMetadata(
        rows=rows.number,
        sha256=digest.hexdigest(),
        traceparent=traceparent or new_traceparent(),
        ids_are_unique=True,
    )


class CountedRows:
    """The rows of a source, counted as they pass."""

    def __init__(self, source: ProductSource, progress: Progress) -> None:
        self.number = 0
        self._source = source
        self._progress = progress

    def __iter__(self) -> Iterator[CatalogRow]:
        self._progress.begin("Reading products", "rows", self._source.count)
        for row in self._source.rows():
            self.number += 1
            if self.number % _ROWS_A_STEP == 0:
                self._progress.reach(self.number)
            yield row
        self._progress.reach(self.number)
        self._progress.end()


def upload_catalog(
    catalogs: CatalogStore,
    name: str,
    catalog: IO[bytes],
    metadata: CatalogMetadata,
    progress: Progress,
) -> Upload:
    """Upload what `write_products` wrote, under a name from `new_catalog_name`; return what was uploaded."""
    size = catalog.tell()
    catalog.seek(0)
    progress.begin("Uploading", "B", lambda: size)
    etag = catalogs.put(name, catalog, metadata, progress.reach)
    progress.end()
    store, run = run_of(parse_name(name), etag)
    return Upload(store, run, metadata)
