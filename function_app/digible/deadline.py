"""Limits the whole time of a request, and stops it from sending after a given moment.

A socket's time-out starts again with every byte, so a server that sends them slowly could hold up a
worker for hours. Here a timer shuts down the socket, and a connection checks the time before it sends.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from urllib3.exceptions import HTTPError

logger = logging.getLogger(__name__)

_current = threading.local()
"""The watch of this thread's request: urllib3 passes nothing about a request to its connection."""


class DeadlineError(Exception):
    """The time for the whole request is over."""


@contextmanager
def deadline(seconds: float, send_by: Callable[[], float]) -> Iterator[None]:
    """Limit the request in the block to `seconds`, and send none of its bytes after `send_by`.

    `send_by` returns a moment in monotonic seconds, and is asked before each piece is sent. Raises
    DeadlineError when the time is over. Works for connections that call `before_sending`.
    """
    watch = _Watch(seconds, send_by)
    _current.watch = watch
    watch.timer.start()
    try:
        yield
    except (HTTPError, OSError) as error:
        if watch.expired:
            raise DeadlineError from error
        raise
    finally:
        watch.timer.cancel()
        _current.watch = None
    if watch.expired:  # a body without a length seems complete when its socket is shut down
        raise DeadlineError


def before_sending(sock: socket.socket) -> None:
    """Put a connection's socket under this thread's deadline; raise TimeoutError if it is too late to send."""
    watch = getattr(_current, "watch", None)
    if watch is not None:
        watch.socket = sock
        if watch.expired or time.monotonic() > watch.send_by():
            raise TimeoutError


def shut_down(sock: socket.socket) -> None:
    """End a connection for both sides, whoever uses it."""
    try:
        # Not SSLSocket.shutdown, which removes the TLS layer while another thread reads; and behind a
        # proxy that itself speaks TLS, the socket is within urllib3's own layer.
        socket.socket.shutdown(getattr(sock, "socket", sock), socket.SHUT_RDWR)
    except OSError:
        logger.debug("a connection had ended before it was shut down")


class _Watch:
    """Ends a request that takes too long, however slowly its response keeps coming."""

    def __init__(self, seconds: float, send_by: Callable[[], float]) -> None:
        self.expired = False
        self.socket: socket.socket | None = None
        self.send_by = send_by
        self.timer = threading.Timer(seconds, self._end)
        self.timer.daemon = True

    def _end(self) -> None:
        self.expired = True
        if self.socket is not None:
            shut_down(self.socket)
