"""Catalogues that are hostile as a whole: too large, packed too tightly, or endless."""

import itertools
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from contract import catalog, compression
from contract.compression import MAX_BYTES, CatalogError, decompressed
from contract.product import Product
from tests.contract.catalogs import BLOCK, GOOD, Counted, ends_in, memory_of, outcomes, packed


def test_a_plain_catalogue_of_more_than_a_gigabyte_is_refused() -> None:
    blocks = Counted(itertools.repeat(b" " * BLOCK))
    with pytest.raises(CatalogError) as caught:
        sum(map(len, decompressed(blocks)))
    assert str(caught.value) == "it is larger than 1 GB (byte 1,073,741,824)"
    assert blocks.taken <= MAX_BYTES + 2 * BLOCK


@pytest.mark.parametrize("endless", [b" ", b"\r\n", b"{},", b'{"x": {"y": [1]}},'])
def test_an_endless_catalogue_is_refused(endless: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MAX_BYTES", 1 << 19)
    blocks = Counted(itertools.chain([b"["], itertools.repeat(endless * 10_000)))
    assert "larger than" in ends_in(blocks).reason
    assert blocks.taken < 2 << 20


@pytest.mark.parametrize(
    "text", ["[" + "{}," * 99 + "{}]", "{}\n" * 100, '{"products": [%s{}]}' % ("{}," * 99)]
)
def test_more_products_than_any_shop_has_are_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "MAX_PRODUCTS", 100)
    assert len(outcomes(text)) == 100
    monkeypatch.setattr(catalog, "MAX_PRODUCTS", 99)
    assert ends_in([text.encode()]).reason == "it has more than 99 products"


def endless_gzip(first: bytes, repeated: bytes) -> Iterator[bytes]:
    """Yield one gzip member that never ends, made as it is read."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(first)
    while True:
        yield packer.compress(repeated)


@pytest.mark.parametrize("before", [b"[", b'[{"x": "', b"", b"[{},"])
@pytest.mark.parametrize("filling", [b" ", b"\0", b"a"])
def test_a_gzip_bomb_is_refused_for_its_ratio(before: bytes, filling: bytes) -> None:
    blocks = Counted(endless_gzip(before, filling * BLOCK))
    ends_in(blocks)
    assert blocks.taken < 40_000


def test_a_gzip_bomb_says_what_it_is() -> None:
    error = ends_in(endless_gzip(b"[", b" " * BLOCK))
    assert error.reason == "it unpacks to more than 200 times its size, as no catalogue does"


def test_a_bomb_of_many_small_members_is_refused() -> None:
    member = packed(b" " * (1 << 16))
    assert "200 times its size" in ends_in(itertools.chain([b"", *[member] * 10_000])).reason


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_text_in_members_of_one_byte_each_is_read(size: int) -> None:
    data = b"".join(packed(bytes([byte])) for byte in f"[{GOOD}]".encode())
    assert outcomes(data, [size]) == [Product("A1", "Tea", "12.50")]


@pytest.mark.parametrize(
    ("first", "repeated"),
    [
        (b"\x1f\x8b\x08\x08" + bytes(6), b"a" * 10_000),  # a header with an endless file name
        (packed(b"["), packed(b"") * 100),
        (packed(b"[]"), bytes(10_000)),
    ],
)
def test_gzip_that_never_yields_text_is_refused_too(
    first: bytes, repeated: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "MAX_BYTES", 1 << 20)
    blocks = Counted(itertools.chain([first], itertools.repeat(repeated)))
    assert "larger than" in ends_in(blocks).reason
    assert blocks.taken < 1_200_000


def test_blocks_are_unpacked_in_small_steps() -> None:
    text = b"0123456789abcdef" * (1 << 18)
    steps = [len(block) for block in decompressed([packed(text)])]
    assert sum(steps) == len(text)
    assert max(steps) <= 1 << 18


def products(count: int, description_length: int) -> Iterator[bytes]:
    extra = b'"Description": "' + b"d" * description_length + b'", '
    yield b"["
    for number in range(count):
        yield b"{" + extra + f'"ProductID": {number}, {GOOD[20:]}'.encode()
        yield b"," if number + 1 < count else b"]"


@pytest.mark.parametrize(("count", "description_length"), [(4_000, 50_000), (10_000, 100)])
def test_memory_does_not_grow_with_the_catalogue(count: int, description_length: int) -> None:
    read, peak = memory_of(products(count, description_length))
    assert read == count
    assert peak < 8 << 20


@pytest.mark.parametrize("filling", [b" ", b"[],"])
def test_memory_does_not_grow_with_the_block(filling: bytes) -> None:
    block = b'[{"x": [' + filling * (BLOCK // len(filling))
    tracemalloc.start()
    try:
        ends_in([block])
        assert tracemalloc.get_traced_memory()[1] < 60 << 20
    finally:
        tracemalloc.stop()
