"""How each process of the local stack learns that it should end."""

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
    """Call `callback` once, in the main thread, on SIGTERM or Ctrl-C.

    With `watch_input`, also call it when standard input closes: the parent process is gone then,
    however it ended.
    """

    def handle(_signal: int, _frame: FrameType | None) -> None:
        for ours in _ENDED_BY:  # once only: what follows must not be interrupted
            signal.signal(ours, signal.SIG_IGN)
        callback()

    for ours in _ENDED_BY:
        signal.signal(ours, handle)
    if watch_input:
        threading.Thread(target=_watch_input, name="watch input", daemon=True).start()


def interrupt_when_asked_to_stop(*, watch_input: bool) -> None:
    """Raise KeyboardInterrupt in the main thread when asked to stop."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    when_asked_to_stop(interrupt, watch_input=watch_input)


def _watch_input() -> None:
    try:
        # Not sys.stdin: its lock would still be held when the interpreter exits.
        while os.read(0, 1024):
            pass
    except OSError:
        pass
    _thread.interrupt_main(signal.SIGTERM)
    last_resort = threading.Timer(_GRACE_SECONDS, os._exit, (1,))
    last_resort.daemon = True
    last_resort.start()


def say(line: str) -> None:
    """Print a line at once, since a process may be waiting for it.

    It is not an error if nobody is left to read it.
    """
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = None  # as without a console: later prints do nothing
