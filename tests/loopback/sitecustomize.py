"""Refuse every network address except this machine's, in the process that imports this file."""

import ipaddress
import os
import socket
import sys
from pathlib import Path

VARIABLE = "SHOPMASTER_TESTS_REFUSED"
"""The environment variable that names the file in which refused addresses are noted."""

_OF_ADDRESS = frozenset({"socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg"})
_OF_NAME = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
# Names that resolve to this machine or, by RFC 6761, to nothing at all.
_HARMLESS = ("localhost", ".localhost", ".invalid")


class RefusedAddressError(RuntimeError):
    """A test tried to connect to another machine.

    It is not an OSError, so that the product does not mistake it for an outage.
    """


def _refuse_others(event: str, arguments: tuple[object, ...]) -> None:
    if event in _OF_ADDRESS:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) and address else None
    elif event in _OF_NAME:
        host = arguments[0]
    else:
        return
    if not _is_harmless(host):
        noted = os.environ.get(VARIABLE)
        if noted:
            with Path(noted).open("a", encoding="utf-8") as file:
                file.write(f"{event} {host} in {sys.argv[:3]}\n")
        raise RefusedAddressError(f"{event}: {host} is not this machine")


def _is_harmless(host: object) -> bool:
    if host is None:  # an address on this machine, such as a path
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        name = name.casefold().rstrip(".")
        return name.endswith(_HARMLESS) or name == socket.gethostname().casefold()


sys.addaudithook(_refuse_others)
