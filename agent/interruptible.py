"""Reads from a database in a thread of its own, so that Ctrl-C is not lost while the driver waits.

Python acts on a signal only between two steps of its main thread. A driver that waits for a silent server
takes none, and one that does may take the interruption for an error of its own.
"""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from itertools import islice
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")

_BLOCK = 1000
_AHEAD = 2  # blocks
_POLL = 0.2  # seconds: on Windows, Ctrl-C doesn't end a wait
_GRACE = 1.0  # seconds that a thread gets to end

MAY_BE_LEFT_BEHIND = "reading"
"""The name of a thread without which the process may have to end."""


def interruptible(produce: Callable[[], Generator[T, None, None]]) -> Generator[T, None, None]:
    """Yield what the generator yields that `produce` returns, which runs in a thread of its own.

    Raises what it raises. If the caller stops before its end, the thread ends too, unless it waits for
    something: then it is left behind. (Cancelling that from here would only move the problem: Microsoft's
    driver waits for a silent server even then, or crashes.)
    """
    queue = Queue[list[T] | Exception | None](_AHEAD)
    stopped = threading.Event()

    def put(item: list[T] | Exception | None) -> None:
        while not stopped.is_set():
            with suppress(Full):
                queue.put(item, timeout=_POLL)
                return
        raise _StoppedError

    def work() -> None:
        with suppress(_StoppedError), closing(produce()) as products:
            try:
                while block := list(islice(products, _BLOCK)):
                    put(block)
                put(None)
            except _StoppedError:
                raise
            except Exception as error:  # noqa: BLE001  # the caller's thread raises it
                put(error)

    thread = threading.Thread(target=work, name=MAY_BE_LEFT_BEHIND, daemon=True)
    thread.start()
    try:
        yield from _items(queue)
    finally:
        stopped.set()
        thread.join(_GRACE)


class _StoppedError(Exception):
    """Nobody waits for what the thread reads."""


def _items(queue: "Queue[list[T] | Exception | None]") -> Iterator[T]:
    while True:
        try:
            item = queue.get(timeout=_POLL)
        except Empty:
            continue
        if item is None:
            return
        if isinstance(item, Exception):
            raise item
        yield from item


def is_left_behind() -> bool:
    """Return whether a thread still waits: then the process can't end in the usual way."""
    return any(thread.name == MAY_BE_LEFT_BEHIND for thread in threading.enumerate())
