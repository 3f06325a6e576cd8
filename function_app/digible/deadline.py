"""Limits the whole time of a request, and stops it from sending after a given moment.

A socket's time-out starts again with every byte, so a server that sends them slowly could hold up a
worker for hours. Here a timer shuts down the socket, and every connection checks the time before it sends.
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
"""The watch of this thread's request: urllib3 passes nothing about a request to its connection."""


class DeadlineError(Exception):
    """The time for the whole request is over."""


@contextmanager
def deadline(seconds: float, send_by: float) -> Iterator[None]:
    """Limit the request in the block to `seconds`, and send none of its bytes after `send_by`.

    `send_by` is in monotonic seconds. Raises DeadlineError when the time is over. Works for the
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
    if watch.expired:  # a body without a length seems complete when its socket is shut down
        raise DeadlineError


def keep_deadlines(manager: PoolManager) -> None:
    """Make a manager's new connections keep to the `deadline` that they are used in."""
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Watch:
    """Ends a request that takes too long, however slowly its response keeps coming."""

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
                # Not SSLSocket.shutdown, which removes the TLS layer while another thread reads.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
            except OSError:
                logger.debug("a connection ended at its deadline")


def _check(connection: HTTPConnection) -> None:
    """Pass the connection's socket to the watch; raise TimeoutError if it is too late to send."""
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
