"""Blobs that are not catalogues, or hostile ones: the host must survive and say what they are."""

import gzip
import time
import zlib
from collections.abc import Callable, Mapping

from contract.run import RunState
from tests.faults.catalogues import Catalogue, good, text
from tests.faults.trial import Trial
from tests.memory import Memory

MOST_MEMORY = 300 << 20
LONGEST = 10.0
_GB = 1 << 30
_MEMBER = 64 << 20


def bomb(first: bytes, filling: bytes, size: int = 10 * _GB) -> bytes:
    """Return a gzip file of about `size` bytes of text: `first`, then `filling` again and again."""
    block = filling * (_MEMBER // len(filling))
    return gzip.compress(first) + gzip.compress(block) * (size // len(block))


def _endless_header() -> bytes:
    """Return a gzip header whose file name goes on for 64 MB."""
    return b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * (64 << 20)


def _claiming() -> bytes:
    """Return a gzip file whose last four bytes claim 4 GB of text."""
    return gzip.compress(b"[]")[:-4] + b"\xff\xff\xff\xff"


_ROW = b'{"ProductID": "1", "ProductName": "a", "SellPrice": "1.00"},\n'

BLOBS: Mapping[str, Callable[[], bytes]] = {
    "10 GB of zeros": lambda: bomb(b"", b"\0"),
    "10 GB of blanks": lambda: bomb(b"[", b" " * 64),
    "10 GB of one name": lambda: bomb(b'[{"ProductID": "1", "ProductName": "', b"a" * 64),
    "10 GB of one row": lambda: bomb(b"[", _ROW),
    "10 GB of brackets": lambda: bomb(b"[", b"[" * 64),
    "half a million empty members": lambda: gzip.compress(b"") * 500_000,
    "nesting 10 million deep": lambda: b"[" * 10_000_000,
    "a product 10 million deep": lambda: gzip.compress(b"[" + b'{"ProductID":' * 10_000_000, 1),
    "a name of 100 MB": lambda: gzip.compress(b'[{"ProductName": "' + b"ab" * (50 << 20), 1),
    "a number of 50 MB": lambda: gzip.compress(b'[{"SellPrice": 1' + b"12" * (25 << 20), 1),
    "an endless gzip header": _endless_header,
    "a claim of 4 GB": _claiming,
    "gzip that was cut off": lambda: text(good("any", 2))[:-200],
    "gzip with a wrong byte": lambda: zlib.compress(b"[]", wbits=31)[:-6] + b"\0" * 6,
    "a web page": lambda: b"<html><body>Sign in</body></html>",
    "UTF-16": lambda: "[]".encode("utf-16"),
    "bytes that are not UTF-8": lambda: b'[{"ProductID": "\xff\xfe"}]',
    "nothing": lambda: b"",
    "an empty array": lambda: b"[]",
    "numbers": lambda: b"[1, 2, 3]",
    "two consecutive catalogues": lambda: b"[]\n[]",
}


def hostile_blobs(trial: Trial) -> None:
    """Drop the blobs one by one, then all the bombs at once, beside a store's good catalogue."""
    host = trial.stack.start_host()
    slowest = (0.0, "")
    with Memory(host.pid) as memory:
        for number, (what, content) in enumerate(BLOBS.items(), start=1):
            seconds = _seconds_to_end(trial, _drop(trial, f"hostile{number:02}", content()))
            slowest = max(slowest, (seconds, what))
            if seconds > LONGEST:
                trial.complaints.append(f"{what}: its outcome took {seconds:.1f} s")
        bombs = [content for what, content in BLOBS.items() if what.startswith("10 GB")]
        for number, content in enumerate(bombs, start=1):
            _drop(trial, f"together{number:02}", content())
        trial.drop_stores(1, 10)
        trial.settle(120)
    if memory.peak > MOST_MEMORY:
        trial.complaints.append(f"the host used {memory.megabytes:.0f} MB")
    if host.status is not None:
        trial.complaints.append("the host died")
    trial.notes.append(
        f"Hostile blobs: the host used at most {memory.megabytes:.0f} MB, including its children; "
        f"the slowest outcome ({slowest[1]}) came after {slowest[0]:.1f} s."
    )


def _drop(trial: Trial, store: str, content: bytes) -> Catalogue:
    may_end = frozenset({RunState.INVALID_CATALOG})
    trial.tries += 1
    return trial.drop_bytes(Catalogue(store, f"{store}/by-hand.json.gz", 1, {}, may_end), content)


def _seconds_to_end(trial: Trial, catalogue: Catalogue) -> float:
    begun = time.monotonic()
    trial.until(lambda: trial.stack.records.has_ended(catalogue), catalogue.name, 90)
    return time.monotonic() - begun
