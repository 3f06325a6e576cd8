"""Bytes that are almost valid: good documents, damaged as by accident or malice."""

import zlib
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

WORDS = r"""
{ } [ ] , : " \ < {} [] [{}] "" null true false nul NaN Infinity -Infinity - + . e E+ .5 1. 0 -0 00 7
12.50 -1E-999 1e999 1e99999999999999999999 "12,50" "nan" "\ud83c" "\ud83c\udf75" "\u0000" "\x" "\u12
"ProductID" "ProductName" "SellPrice" "products" "products":[ "version" "é🍵" 2026-11-23T10:00:00Z
"""
SPACES = (b" ", b"\t", b"\n", b"\r\n", b"\0", b"\x1b", b"\xef\xbb\xbf")
LONG = (b"9" * 400, b"[" * 50, b"]" * 50, b'{"a":' * 50, b"}" * 50, b"a" * 5_000)
NOT_TEXT = (b"\x80", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"\x1f\x8b", b"\x1f\x8b\x08\0")
TOKENS = (*(word.encode() for word in WORDS.split()), *SPACES, *LONG, *NOT_TEXT)

Mutation = Callable[[bytes, int, int, bytes], bytes]


def _insert(data: bytes, start: int, _end: int, token: bytes) -> bytes:
    return data[:start] + token + data[start:]


def _replace(data: bytes, start: int, end: int, token: bytes) -> bytes:
    return data[:start] + token + data[end:]


def _delete(data: bytes, start: int, end: int, _token: bytes) -> bytes:
    return data[:start] + data[end:]


def _repeat(data: bytes, start: int, end: int, _token: bytes) -> bytes:
    return data[:end] + data[start:end] * 3 + data[end:]


def _cut_off(data: bytes, start: int, _end: int, _token: bytes) -> bytes:
    return data[:start]


def _flip(data: bytes, start: int, _end: int, token: bytes) -> bytes:
    return (
        data[:start] + bytes([data[start] ^ (token[0] or 1)]) + data[start + 1 :] if data else data
    )


MUTATIONS: tuple[Mutation, ...] = (_insert, _replace, _delete, _repeat, _cut_off, _flip)


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Draw a good document with a few mutations."""
    data = draw(st.sampled_from(seeds))
    for mutate in draw(st.lists(st.sampled_from(MUTATIONS), max_size=4)):
        start = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.integers(0, 40))
        token = draw(st.one_of(st.sampled_from(TOKENS), st.binary(min_size=1, max_size=4)))
        data = mutate(data, start, start + length, token)
    return data


def _packed(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def nonsense(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy for mutated documents, heaps of tokens and plain noise, gzipped or not."""
    heaps = st.lists(st.sampled_from(TOKENS), max_size=30).map(b"".join)
    plain = st.one_of(mutated(seeds), heaps, st.binary(max_size=100))
    return st.one_of(mutated(seeds), plain, plain.map(_packed))
