"""From a catalogue's stored bytes to its text, and back to gzip: streamed, and with hard limits."""

import codecs
import itertools
import zlib
from collections.abc import Iterable, Iterator

MAX_BYTES = 1 << 30
"""The most bytes in a catalogue, packed or not: about 3 million products, far more than a shop has."""

MAX_RATIO = 200
"""The most bytes of text per byte of gzip: catalogues reach 10 to 30, a gzip bomb 1,000."""

_RATIO_FROM = 4 << 20  # a small file may compress as well as it likes
_STEP = 1 << 18  # bytes of text yielded at a time
_PACKED_STEP = 1 << 14  # bytes of gzip read at a time: zlib copies what follows the end of a member
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WBITS = 31


class CatalogError(ValueError):
    """A blob is not a catalogue; says what is wrong with it, and where."""

    def __init__(self, reason: str, position: str) -> None:
        super().__init__(f"{reason} ({position})")
        self.reason = reason
        self.position = position


def compressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the blocks as one gzip stream; without a time stamp, so equal input gives equal output."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP_WBITS)
    for block in blocks:
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()


def decompressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the text's bytes, unpacked if the first two say gzip.

    Raises CatalogError when a limit is exceeded.
    """
    source = _in_blocks(blocks, _PACKED_STEP)
    head = next(source, b"")
    stored = itertools.chain([head], source)
    text = _unpacked(stored) if head.startswith(_GZIP_MAGIC) else stored
    size = 0
    for block in _in_blocks(text, _STEP):
        size += len(block)
        if size > MAX_BYTES:
            raise too_large()
        yield block


def too_large() -> CatalogError:
    """Return the error for a catalogue of more than MAX_BYTES."""
    return CatalogError(f"it is larger than {MAX_BYTES >> 30} GB", f"byte {MAX_BYTES:,}")


def _in_blocks(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the same bytes in blocks of `size`; the last one may be shorter.

    What is found in a catalogue, and what that costs, then doesn't depend on how it arrived.
    """
    kept: list[bytes] = []
    length = 0
    for block in blocks:
        if not block:
            continue
        kept.append(block)
        length += len(block)
        if length >= size:
            joined = b"".join(kept)
            whole = length - length % size
            yield from (joined[start : start + size] for start in range(0, whole, size))
            length -= whole
            kept = [joined[whole:]]
    if length:
        yield b"".join(kept)


def _unpacked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip, including several members in a row."""
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    taken = given = 0
    for block in blocks:
        pending = block
        while pending:
            if unpacker.eof:
                padded = len(pending)
                pending = pending.lstrip(b"\0")  # padding, which gzip(1) skips too
                taken += padded - len(pending)
                if not pending:
                    break
                unpacker = zlib.decompressobj(_GZIP_WBITS)
            try:
                text = unpacker.decompress(pending, _STEP)
            except zlib.error:
                raise CatalogError("the gzip file is damaged", f"byte {taken + 1:,}") from None
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            taken += len(pending) - len(rest)
            given += len(text)
            if given > _RATIO_FROM and given > MAX_RATIO * taken:
                raise CatalogError(
                    f"it unpacks to more than {MAX_RATIO} times its size, as no catalogue does",
                    f"byte {taken:,}",
                )
            pending = rest
            if text:
                yield text
        if taken > MAX_BYTES:  # members without content, or a header without an end
            raise too_large()
    if not unpacker.eof:
        raise CatalogError(
            "the gzip file ends too early: it was cut off on its way", f"byte {taken:,}"
        )


_OTHER_FORMATS = {
    codecs.BOM_UTF16_LE: "it is saved as UTF-16; save it as UTF-8",
    codecs.BOM_UTF16_BE: "it is saved as UTF-16; save it as UTF-8",
    _GZIP_MAGIC: "it is gzipped twice; gzip it once",
    b"PK\x03\x04": "it is a zip file or a workbook, not JSON",
}
"""What a text can't begin with, and what that tells."""


def decoded(blocks: Iterable[bytes]) -> Iterator[str]:
    """Yield the bytes as text; raises CatalogError where they are not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    begun, done = False, 0
    for block in blocks:
        for magic, reason in _OTHER_FORMATS.items():
            if not begun and block.startswith(magic):
                raise CatalogError(reason, "byte 1")
        text = _decode(decoder, block, done, final=False)
        yield text if begun else text.removeprefix("\ufeff")
        begun = begun or bool(text)
        done += len(block)
    yield _decode(decoder, b"", done, final=True)


def _decode(decoder: codecs.IncrementalDecoder, block: bytes, done: int, *, final: bool) -> str:
    kept = len(decoder.getstate()[0])
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        where = f"byte {done - kept + error.start + 1:,}"
        raise CatalogError("it is not UTF-8 text; save it as UTF-8", where) from None
