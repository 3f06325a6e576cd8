"""Catalogues for tests: products of every kind, written in every form the specification allows."""

import gzip
import itertools
import json
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from contract import compression
from contract.catalog import read_catalog
from contract.compression import CatalogError
from contract.product import CatalogRow, Product, Rejection, check_products

PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Settings of property tests: few examples, for a quick suite; no deadline, for busy machines."""

TEXT = st.builds(
    "{}{}{}".format,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.characters(categories=["L", "N", "P"], exclude_characters="\u115f\u1160\u3164\uffa0"),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
"""Any text with something visible in it, including umlauts, emojis and control characters."""

IDS = st.one_of(TEXT, st.integers(-(10**99) + 1, 10**99))
BLOCK = 4 << 20
"""How many bytes storage returns at a time."""

GOOD = '{"ProductID": "A1", "ProductName": "Tea", "SellPrice": 12.50}'
BLOCK_SIZES = st.lists(st.integers(1, 300), min_size=1, max_size=5)


@dataclass(frozen=True, slots=True)
class Written:
    """A product as somebody writes it in JSON, and as it must be sent."""

    product_id: str | int
    name: str
    price: str
    """JSON text: `12.50` or `"12.50"`."""

    digits: str

    def json(self, *, ascii_only: bool, extra: str = "") -> str:
        """Return the product as a JSON object that begins with the `extra` keys, if any."""
        product_id = json.dumps(self.product_id, ensure_ascii=ascii_only)
        name = json.dumps(self.name, ensure_ascii=ascii_only)
        return f'{{{extra}"ProductID": {product_id}, "ProductName": {name}, "SellPrice": {self.price}}}'

    @property
    def product(self) -> Product:
        """What Digible must receive."""
        return Product(self.product_id, self.name, self.digits)


@st.composite
def prices(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a price as a JSON number writes it, and its plain digits."""
    whole = draw(st.one_of(st.just("0"), st.from_regex(r"[1-9][0-9]{0,37}", fullmatch=True)))
    fraction = draw(st.one_of(st.just(""), st.from_regex(r"\.[0-9]{1,38}", fullmatch=True)))
    return whole + fraction, whole + fraction


@st.composite
def written_products(draw: st.DrawFn) -> Written:
    """Draw a product that can be sent, its price written as a number or as text."""
    price, digits = draw(prices())
    return Written(
        draw(IDS), draw(TEXT), price if draw(st.booleans()) else json.dumps(price), digits
    )


def array(objects: list[str]) -> str:
    return f"[{', '.join(objects)}]"


def indented(objects: list[str]) -> str:
    return "[\r\n\t" + ",\r\n\t".join(objects) + "\r\n]\r\n"


def lines(objects: list[str]) -> str:
    return "\n".join(objects) + "\n"


def spaced_lines(objects: list[str]) -> str:
    return "\n\r\n".join(objects)


def wrapped(objects: list[str]) -> str:
    return f'{{"products": {array(objects)}}}'


def wrapped_among_keys(objects: list[str]) -> str:
    before = '"version": 1.5e+1, "shop": {"products": [1, {}]}, "note": "ProductID", "open": true'
    after = '"count": -2.50E-3, "more": [[], {}, null, false], "end": "}]"'
    return f'\n{{ {before} , "products" : {indented(objects)} , {after} }}\n'


FORMS: dict[str, Callable[[list[str]], str]] = {
    form.__name__: form
    for form in (array, indented, lines, spaced_lines, wrapped, wrapped_among_keys)
}


def packed(data: bytes) -> bytes:
    """Pack with gzip, always into the same bytes."""
    return gzip.compress(data, mtime=0)


def gzip_members(data: bytes) -> bytes:
    """Pack with gzip as several consecutive members, one of them empty."""
    third = len(data) // 3
    parts = (data[:third], b"", data[third : 2 * third], data[2 * third :])
    return b"".join(map(packed, parts))


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "with a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "gzip": packed,
    "gzip of several members": gzip_members,
    "gzip with padding": lambda data: packed(data) + bytes(512),
    "gzip with a byte order mark": lambda data: packed(b"\xef\xbb\xbf" + data),
}


def cut(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """Yield the bytes in blocks of these sizes, taking the sizes in turn, again and again."""
    start = 0
    for size in itertools.cycle(sizes):
        if start >= len(data):
            return
        yield data[start : start + size]
        start += size


def read_cut(data: bytes, sizes: Sequence[int]) -> Iterator[CatalogRow]:
    """Read a catalogue in blocks of these sizes, decoded in steps as small (at least 2 bytes)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "_PACKED_STEP", min(max(sizes[0], 2), 1 << 14))
        patch.setattr(compression, "_STEP", min(max(sizes[-1], 2), 1 << 18))
        yield from read_catalog(cut(data, sizes))


def outcomes(data: bytes | str, sizes: Sequence[int] = (1 << 20,)) -> list[Product | Rejection]:
    """Read a whole catalogue and check each of its products."""
    rows = read_cut(data.encode() if isinstance(data, str) else data, sizes)
    return [outcome for _, outcome in check_products(rows, ids_are_unique=False)]


def row(
    product_id: object = "A1", name: object = "Tea", price: object = Decimal("12.50")
) -> CatalogRow:
    """Return a row, for tests that care about only some of its values."""
    return CatalogRow(product_id, name, price)


class Counted:
    """Blocks that are made only on request, with a count of the bytes taken."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = next(self._blocks)
        self.taken += len(block)
        return block


def ends_in(blocks: Iterable[bytes]) -> CatalogError:
    """Read to the end, keep nothing, and return the error that ends the reading."""
    with pytest.raises(CatalogError) as caught:
        for _ in check_products(read_catalog(blocks), ids_are_unique=True):
            pass
    return caught.value


def memory_of(blocks: Iterable[bytes]) -> tuple[int, int]:
    """Read a catalogue; return how many products it has, and the peak of memory in bytes."""
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_catalog(blocks))
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
