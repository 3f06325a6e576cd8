"""Loopback ports that stay ours while their server is down."""

import random
import socket
import sys

# Below what systems hand out to outgoing connections: a client that keeps trying a server that is down
# could otherwise be given the server's own port, connect to itself, and keep the server from coming back.
_RANGE = range(10_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Choose different ports on 127.0.0.1 that nobody listens on, and nobody else has been handed."""
    chosen: list[int] = []
    while len(chosen) < count:
        port = random.choice(_RANGE)  # noqa: S311  no secret
        if is_free(port) and _reserve(port):
            chosen.append(port)
    return chosen


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # there it would share a port in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _reserve(port: int) -> bool:
    """Keep other processes of ours from choosing the port too, until this one ends; False if it is theirs.

    A UDP socket of the same number is in no TCP server's way, and the system closes it whatever becomes of us.
    """
    with socket.socket(type=socket.SOCK_DGRAM) as reservation:
        try:
            reservation.bind(("127.0.0.1", port))
        except OSError:
            return False
        reservation.detach()  # not closed at the end of the block
        return True
