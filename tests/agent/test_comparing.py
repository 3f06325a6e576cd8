"""A catalogue is compared with the last one in little memory, whatever order its rows are in."""

import gzip
import io
import random
import tracemalloc
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.changes import Kind, order
from agent.comparing import changes_since, in_order, products_in
from agent.errors import AgentError
from agent.kept_catalogs import UnreadableError
from contract.catalog import write_catalog
from contract.compression import compressed
from contract.product import CatalogRow, Product

Ids = st.one_of(st.integers(), st.text(st.characters(exclude_categories=["Cs"])))


def packed(rows: list[tuple[object, object, object]]) -> io.BytesIO:
    return io.BytesIO(b"".join(compressed(write_catalog(CatalogRow(*row) for row in rows))))


@given(st.lists(Ids), st.integers(1, 5))
def test_products_are_put_in_order_however_few_fit_into_memory(
    ids: list[str | int], room: int
) -> None:
    products = [Product(each, f"name {each}\n", "1.50") for each in ids]
    with patch("agent.comparing.MOST_IN_MEMORY", room):
        found = list(in_order(products))
    assert found == sorted(products, key=order)


@pytest.mark.parametrize("room", [1, 7, 1_000])
def test_the_order_of_the_rows_makes_no_difference(
    room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.comparing.MOST_IN_MEMORY", room)
    rows: list[tuple[object, object, object]] = [
        (f"P{number}", f"Product {number}", f"{number}.50") for number in range(100)
    ]
    now = [*rows[10:40], *((*row[:2], "0.99") for row in rows[40:]), ("new", "Tea", "1")]
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        random.Random(-seed).shuffle(now)
        changes = changes_since(packed(rows), products_in(packed(now)))
        assert changes.counts == {
            Kind.NEW: 1,
            Kind.REPRICED: 60,
            Kind.RENAMED: 0,
            Kind.GONE: 10,
            Kind.UNCHANGED: 30,
        }


def test_what_cannot_be_sent_is_not_compared() -> None:
    before = packed([("A", "Tea", "1"), ("B", "Tea", "1"), ("B", "again", "2")])
    now = packed([("A", "Tea", None), ("B", "Tea", "1"), (None, "Tea", "1")])
    counts = changes_since(before, products_in(now)).counts
    assert (counts[Kind.GONE], counts[Kind.UNCHANGED], counts[Kind.NEW]) == (1, 1, 0)


@pytest.mark.parametrize("room", [1, 1_000])
@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"not json",
        packed([("A", "Tea", "1")] * 100).getvalue()[:-20],
        gzip.compress(b'[{"ProductID": "A"', mtime=0),
    ],
)
def test_a_damaged_catalogue_is_told_from_every_other_trouble(
    damaged: bytes, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.comparing.MOST_IN_MEMORY", room)
    with pytest.raises(UnreadableError):
        changes_since(io.BytesIO(damaged), [Product("A", "Tea", "1")])


def test_no_room_to_sort_is_reported_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agent.comparing.MOST_IN_MEMORY", 1)
    monkeypatch.setattr("agent.comparing._write_sorted", full)
    with pytest.raises(AgentError, match="TMPDIR"):
        list(in_order([Product("A", "Tea", "1"), Product("B", "Tea", "1")]))


def test_a_large_catalogue_is_never_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as many products take no more memory, but for the temporary file's first 8 MiB."""
    monkeypatch.setattr("agent.comparing.MOST_IN_MEMORY", 1_000)
    monkeypatch.setattr("agent.temporary_file.IN_MEMORY", 1)

    def products(count: int) -> Iterator[Product]:
        yield from (Product(f"P{number:07}", "Product", "1.50") for number in range(count))

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            assert sum(1 for _ in in_order(products(count))) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2_000)
    assert peak(30_000) < peak(3_000) + (4 << 20)
