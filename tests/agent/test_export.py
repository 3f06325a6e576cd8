"""The export: every row of the table in one catalogue, whole or not at all."""

import gzip
import hashlib
import io
from collections.abc import Callable
from decimal import Decimal
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import EmptyTableError
from agent.export import upload_catalog, write_products
from contract.blobs import CatalogMetadata, parse_name, run_of
from contract.catalog import read_catalog
from contract.product import CatalogRow
from tests.agent.shops import FakeProgress, FakeSource, products

NAME = "0001/20261123T120000Z-1a2b3c4d.json.gz"


class FakeStore:
    """Catalogues kept in memory; implements `export.CatalogStore`."""

    def __init__(self) -> None:
        self.blobs: dict[str, tuple[bytes, CatalogMetadata]] = {}

    def put(
        self, name: str, catalog: IO[bytes], metadata: CatalogMetadata, sent: Callable[[int], None]
    ) -> str:
        self.blobs[name] = (catalog.read(), metadata)
        sent(catalog.tell())
        return '"0x8DC12"'


def written(source: FakeSource, *, packed: bool = True) -> tuple[bytes, CatalogMetadata]:
    target = io.BytesIO()
    metadata = write_products(source, target, FakeProgress(), packed=packed)
    return target.getvalue(), metadata


def rows_of(data: bytes) -> list[CatalogRow]:
    return list(read_catalog([data]))


def test_every_row_is_in_the_catalogue_as_it_was_read() -> None:
    table = [*products(3), (None, "", None), ("P0001", "again", "-1"), (7, 8, Decimal("1E+3"))]
    data, metadata = written(FakeSource(table))
    assert rows_of(data) == [*table[:-1], (7, 8, "1000")]
    assert metadata.rows == len(table)


def test_the_metadata_describes_the_stored_bytes() -> None:
    data, metadata = written(FakeSource(products(10)))
    assert metadata.sha256 == hashlib.sha256(data).hexdigest()
    assert metadata.ids_are_unique
    assert metadata.traceparent is not None
    version, trace, span, flags = metadata.traceparent.split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "01")
    assert CatalogMetadata.from_headers(metadata.to_headers()) == metadata


def test_each_export_has_its_own_trace() -> None:
    _, first = written(FakeSource(products(1)))
    _, second = written(FakeSource(products(1)))
    assert first.traceparent != second.traceparent


def test_a_catalogue_is_gzipped_only_on_request() -> None:
    plain, _ = written(FakeSource(products(5)), packed=False)
    packed, _ = written(FakeSource(products(5)))
    assert gzip.decompress(packed) == plain
    assert plain.startswith(b"[")


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(EmptyTableError, match="nothing was uploaded"):
        written(FakeSource([]))


@given(st.decimals(min_value=0, max_value=10**16, places=2))
def test_a_price_keeps_its_digits(price: Decimal) -> None:
    data, _ = written(FakeSource([("1", "Tea", price)]))
    assert rows_of(data)[0].sell_price == format(price, "f")


def test_a_value_that_cannot_be_sent_is_still_written() -> None:
    """Only the function rejects products, so every rejection is in the one record people read."""
    unfit: list[tuple[object, object, object]] = [
        (Decimal("7.5"), Decimal(3), float("inf")),
        ("7", "T\ud800", float("nan")),
    ]
    data, metadata = written(FakeSource([*unfit, *products(1)]))
    assert rows_of(data) == [([], [], "Infinity"), ("7", "T\ud800", "NaN"), *products(1)]
    assert metadata.rows == 3


def test_an_error_from_the_source_ends_the_export() -> None:
    with pytest.raises(RuntimeError, match="cut"):
        written(FakeSource(products(3), breaks_with=RuntimeError("cut")))


def test_an_upload_knows_the_id_of_its_run() -> None:
    target, store, progress = io.BytesIO(), FakeStore(), FakeProgress()
    metadata = write_products(FakeSource(products(4)), target, progress, packed=True)
    upload = upload_catalog(store, NAME, target, metadata, progress)
    assert store.blobs == {NAME: (target.getvalue(), metadata)}
    assert (upload.store, upload.run) == run_of(parse_name(NAME), '"0x8DC12"')


def test_progress_counts_rows_and_bytes() -> None:
    target, progress = io.BytesIO(), FakeProgress()
    metadata = write_products(FakeSource(products(1_200)), target, progress, packed=True)
    assert progress.reached == [(0, 1200), (500, None), (1000, None), (1200, None)]
    upload_catalog(FakeStore(), NAME, target, metadata, progress)
    assert progress.begun == ["Reading products", "Uploading"]
    assert progress.reached[-2:] == [(0, target.tell()), (target.tell(), None)]
    assert progress.ended == 2
