"""How each of the stack's processes learns that it should end."""

import _thread
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

_ENDED_BY = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)
)
_GRACE_SECONDS = 30


def when_asked_to_stop(callback: Callable[[], None], *, watch_input: bool) -> None:
    """Have `callback` called in the main thread, once, on SIGTERM or Ctrl-C.

    With `watch_input` the end of standard input counts too: whoever started us is then gone, however.
    """

    def handle(_signal: int, _frame: FrameType | None) -> None:
        for ours in _ENDED_BY:  # once is enough: what follows is not to be interrupted
            signal.signal(ours, signal.SIG_IGN)
        callback()

    for ours in _ENDED_BY:
        signal.signal(ours, handle)
    if watch_input:
        threading.Thread(target=_watch_input, name="watch input", daemon=True).start()


def interrupt_when_asked_to_stop(*, watch_input: bool) -> None:
    """Have KeyboardInterrupt raised in the main thread then."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    when_asked_to_stop(interrupt, watch_input=watch_input)


def _watch_input() -> None:
    try:
        # Not sys.stdin, whose lock would be held when the interpreter ends.
        while os.read(0, 1024):
            pass
    except OSError:
        pass
    _thread.interrupt_main(signal.SIGTERM)
    last_resort = threading.Timer(_GRACE_SECONDS, os._exit, (1,))
    last_resort.daemon = True
    last_resort.start()


def say(line: str) -> None:
    """Print a line at once, to whoever waits for it; nobody being left to read it is no error."""
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = None  # as without a console: later prints are no-ops
