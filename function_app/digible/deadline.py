"""What time may do to a request: bound all of it, and stop its bytes at the moment they must not go out.

A socket's own time-out begins anew with every byte, so a server that trickles could hold a worker for
hours. Here a timer shuts the socket down, and every connection asks before it sends.
"""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

logger = logging.getLogger(__name__)

_current = threading.local()
"""The watch of this thread's request: urllib3 hands nothing of a request on to its connection."""


class DeadlineError(Exception):
    """The time for the whole request is over."""


@contextmanager
def deadline(seconds: float, send_by: float) -> Iterator[None]:
    """Bound the request in the block to `seconds`, and send none of its bytes after `send_by`.

    `send_by` is a moment in monotonic seconds. Raises DeadlineError when the time is over. Works for
    connections of a pool manager that `keep_deadlines` has prepared.
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
    if (
        watch.expired
    ):  # a body without a length merely seems to end when its connection is shut down
        raise DeadlineError


def keep_deadlines(manager: PoolManager) -> None:
    """Have the connections that a manager makes from now on keep to the `deadline` they are used in."""
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Watch:
    """Ends a request that has taken too long, however slowly its response goes on trickling in."""

    def __init__(self, seconds: float, send_by: float) -> None:
        self.expired = False
        self.socket: socket.socket | None = None
        self.send_by = send_by
        self.timer = threading.Timer(seconds, self._end)
        self.timer.daemon = True

    def _end(self) -> None:
        self.expired = True
        if self.socket is not None:
            try:
                # Not SSLSocket's own method, which takes the TLS away from under the reading thread.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
            except OSError:
                logger.debug("a connection ended together with its deadline")


def _check(connection: HTTPConnection) -> None:
    """Show the watch the connection's socket, and stop before bytes that must not go out any more."""
    if connection.sock is None:
        connection.connect()
    watch = getattr(_current, "watch", None)
    if watch is not None:
        watch.socket = connection.sock
        if watch.expired or time.monotonic() > watch.send_by:
            raise TimeoutError


class _WatchedHTTP(HTTPConnection):
    def send(self, data: Any) -> None:
        _check(self)
        super().send(data)


class _WatchedHTTPS(HTTPSConnection):
    def send(self, data: Any) -> None:
        _check(self)
        super().send(data)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS
