"""Reads through a catalogue before any of it is sent, so that nothing of a broken one is."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from contract.blobs import CatalogMetadata
from contract.catalog import CatalogReader, read_catalog
from contract.compression import MAX_BYTES, CatalogError, too_large
from contract.product import Product, Rejection, check_products
from contract.run import MAX_REJECTIONS
from function_app.errors import SlowExaminationError


@dataclass(frozen=True, slots=True)
class Examination:
    """What a catalogue holds."""

    read: int
    rejected: int
    rejections: tuple[Rejection, ...]
    """The first of the rejected products, as many as a run record lists."""

    sha256: str
    """Of the blob's bytes as they are stored, in hexadecimal."""

    keys: tuple[str, ...]
    """The first keys that the catalogue's objects have."""

    @property
    def sendable(self) -> int:
        """How many products can be sent."""
        return self.read - self.rejected


def examine(
    blocks: Iterable[bytes],
    metadata: CatalogMetadata,
    size: int,
    is_over: Callable[[], bool] = lambda: False,
) -> Examination:
    """Read a whole catalogue from the bytes of its blob, of which there are `size`.

    Raises CatalogError if it can't be read, contains no products, or differs from what the agent
    wrote (by the row count and SHA-256 in its metadata); SlowExaminationError once `is_over` says that
    the time for it is over.
    """
    if size > MAX_BYTES:
        raise too_large()
    digest = hashlib.sha256()
    read = rejected = 0
    rejections: list[Rejection] = []
    catalog = CatalogReader(_hashed(blocks, digest.update))
    for read, product in check_products(catalog, ids_are_unique=metadata.ids_are_unique):  # noqa: B007  # the last number is the count
        if is_over():
            raise SlowExaminationError
        if isinstance(product, Rejection):
            rejected += 1
            if rejected <= MAX_REJECTIONS:
                rejections.append(product)
    if read == 0:
        raise CatalogError("it contains no products", "line 1, column 1")
    if metadata.rows not in (None, read):
        raise CatalogError(f"the agent wrote {metadata.rows:,} rows", f"after row {read:,}")
    if metadata.sha256 not in (None, digest.hexdigest()):
        raise CatalogError(
            "it was changed after it was exported: its SHA-256 differs", "the whole file"
        )
    return Examination(read, rejected, tuple(rejections), digest.hexdigest(), tuple(catalog.keys))


def sendable(blocks: Iterable[bytes], metadata: CatalogMetadata) -> Iterator[tuple[int, Product]]:
    """Yield the products of an examined catalogue that can be sent, each with its row."""
    rows = read_catalog(blocks)
    for row, product in check_products(rows, ids_are_unique=metadata.ids_are_unique):
        if isinstance(product, Product):
            yield row, product


def _hashed(blocks: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for block in blocks:
        update(block)
        yield block
