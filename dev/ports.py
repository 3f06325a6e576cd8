"""Loopback ports that stay reserved while their server is down."""

import random
import socket
import sys

# Below the ports that systems assign to outgoing connections. Otherwise a client that keeps trying
# to reach a stopped server could be assigned that server's port, connect to itself, and keep the
# server from coming back.
_RANGE = range(10_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Return distinct ports on 127.0.0.1 that nobody listens on and nobody else has been given."""
    chosen: list[int] = []
    while len(chosen) < count:
        port = random.choice(_RANGE)  # noqa: S311  not a secret
        if is_free(port) and _reserve(port):
            chosen.append(port)
    return chosen


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port now."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # on Windows this would share a port in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _reserve(port: int) -> bool:
    """Keep this project's other processes from choosing the port too, until this process ends.

    Return False if another one has reserved it. A UDP socket with the same number doesn't block TCP
    servers, and the system closes it however this process ends.
    """
    with socket.socket(type=socket.SOCK_DGRAM) as reservation:
        try:
            reservation.bind(("127.0.0.1", port))
        except OSError:
            return False
        reservation.detach()  # not closed at the end of the block
        return True
