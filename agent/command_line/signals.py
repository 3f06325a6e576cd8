"""Lets whatever ends a program on its system stop a command in the same way as Ctrl-C."""

import _thread
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import NoReturn

_SIGNALS = ("SIGTERM", "SIGHUP", "SIGBREAK")
_CLOSING = frozenset({2, 5, 6})  # CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT
_GRACE = 4.5  # seconds: Windows ends a closed console's programs after 5


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt in the block for SIGTERM, a closed terminal, or the end of a session."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may choose
        return
    present = (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name))
    # What is ignored stays so: nohup does that.
    before = {each: old for each in present if (old := signal.getsignal(each)) != signal.SIG_IGN}
    for each in before:
        signal.signal(each, _interrupt)
    try:
        with _closed_console():
            yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    @contextmanager
    def _closed_console() -> Iterator[None]:
        """Do the same when a console is closed: Windows ends the process once the handler returns."""

        @ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)
        def handle(event: int) -> bool:
            if event not in _CLOSING:
                return False
            _thread.interrupt_main()
            time.sleep(_GRACE)  # the main thread ends the process meanwhile
            return True

        ctypes.windll.kernel32.SetConsoleCtrlHandler(handle, True)  # C's order
        try:
            yield
        finally:
            ctypes.windll.kernel32.SetConsoleCtrlHandler(handle, False)
else:
    _closed_console = nullcontext
