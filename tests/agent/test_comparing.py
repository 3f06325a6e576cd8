"""A catalogue is compared with the last one in little memory, whatever order its rows are in."""

import gzip
import io
import itertools
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.changes import Kind
from agent.comparing import changes_since, compare, products_in
from agent.errors import AgentError
from agent.kept_catalogs import UnreadableError
from contract.catalog import read_catalog, write_catalog
from contract.compression import CatalogError, compressed
from contract.json_text import MAX_VALUE
from contract.product import CatalogRow, Product, check_products

Anything = st.one_of(
    st.none(),
    st.integers(-2, 2),
    st.decimals("-1", "1", places=2),
    st.just(Decimal("NaN")),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(["1", "A", "a", "A ", "\n", "]", "\ud800", "é", []]),
)


def packed(rows: list[tuple[object, object, object]]) -> io.BytesIO:
    return io.BytesIO(b"".join(compressed(write_catalog(CatalogRow(*row) for row in rows))))


@given(st.lists(st.tuples(Anything, Anything, Anything)))
def test_the_products_that_can_be_sent_are_those_that_the_function_finds(
    rows: list[tuple[object, object, object]],
) -> None:
    catalog = packed(rows)
    checked = check_products(read_catalog([catalog.getvalue()]), ids_are_unique=True)
    expected = [each for _, each in checked if isinstance(each, Product)]
    assert list(products_in(catalog)) == expected


@pytest.mark.parametrize("room", [1, 7, 1_000])
def test_the_order_of_the_rows_makes_no_difference(
    room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.pairing.MOST_WAITING", room)
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


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (b"", r"it doesn't begin with \[ \(line 1\)"),
        (b"not json", r"it doesn't begin with \[ \(line 1\)"),
        (packed([("A", "Tea", "1")] * 100).getvalue()[:-20], "the gzip file ends too early"),
        (gzip.compress(b'[\n{"ProductID": "A"', mtime=0), r"this is not a product \(line 2\)"),
        (b'[\n{"ProductID": "A"},\n', r"this is not a product \(line 3\)"),
        (b'[\n{"ProductID": "A"}', r"the file ends too early \(line 2\)"),
        (b'[\n{"ProductID": "A"}; {}\n]\n', r"this is not a product \(line 2\)"),
        (b'[\n["ProductID"]\n]\n', r"this is not a product \(line 2\)"),
        (b'[\n{"ProductID": "\xff"}\n]\n', r"this is not a product \(line 2\)"),
        (b'[\n{"ProductID": ' + b"[" * 100_000, r"this is not a product \(line 2\)"),
        (b"[\n]\n{}\n", r"there is more text after the catalogue's end \(line 3\)"),
        (b"[\n" + b" " * (2 * MAX_VALUE), r"it is longer than .* \(line 2\)"),
    ],
    ids=itertools.count(1),
)
def test_a_damaged_catalogue_is_told_from_every_other_trouble(damaged: bytes, reason: str) -> None:
    with pytest.raises(CatalogError, match=reason):
        list(products_in(io.BytesIO(damaged)))
    with pytest.raises(UnreadableError, match=reason):
        changes_since(io.BytesIO(damaged), [Product("A", "Tea", "1")])


def test_no_room_to_compare_is_reported_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agent.pairing.MOST_WAITING", 1)
    monkeypatch.setattr("agent.shelf.Shelf.put", full)
    with pytest.raises(AgentError, match="TMPDIR"):
        compare([], [Product("A", "Tea", "1"), Product("B", "Tea", "1")])
