"""Loopback ports that stay ours while their server is down."""

import random
import socket
import sys

# Below what systems hand out to outgoing connections: a client that keeps trying a server that is down
# could otherwise be given the server's own port, connect to itself, and keep the server from coming back.
_RANGE = range(10_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Choose different ports on 127.0.0.1 that nobody listens on."""
    chosen: list[int] = []
    while len(chosen) < count:
        port = random.choice(_RANGE)  # noqa: S311  no secret
        if port not in chosen and is_free(port):
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
