"""The SQL Servers near this computer: from its registry, and from SQL Server Browser's answers."""

import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

_NAMES = r"SOFTWARE\Microsoft\Microsoft SQL Server\Instance Names\SQL"
_DEFAULT_INSTANCE = "MSSQLSERVER"
_PORT = 1434
_ASK_ALL, _ASK_ONE_COMPUTER, _ANSWER = (
    b"\x02",
    b"\x03",
    0x05,
)  # CLNT_BCAST_EX, CLNT_UCAST_EX, SVR_RESP
_LARGEST = 1 << 16

THIS_COMPUTER, THIS_NETWORK = ("127.0.0.1", _PORT), ("255.255.255.255", _PORT)
"""Whom to ask for instances."""


class Registry(Protocol):
    """The part of Windows' registry that lists SQL Server's instances."""

    def value_names(self, key: str) -> list[str]:
        """Return the names of the values of a key of the whole computer's; none if there is no such key."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A SQL Server as SQL Server Browser describes it."""

    computer: str
    name: str
    version: str

    @property
    def server(self) -> str:
        """Its address, as `server` in the settings has it."""
        return _address(self.computer, self.name)


def registered(registry: Registry) -> list[str]:
    """Return the addresses of the SQL Servers that are installed on this computer."""
    return [_address("localhost", name) for name in registry.value_names(_NAMES)]


def found_servers(
    registry: Registry,
    places: Iterable[tuple[str, int]] = (THIS_COMPUTER, THIS_NETWORK),
    seconds: float = 1.0,
) -> list[str]:
    """Return the addresses of the SQL Servers that are installed here or answer, this computer's first."""
    own = {socket.gethostname().casefold(), "localhost"}
    answered = [each for place in places for each in ask_browsers(place, seconds)]
    here = [
        _address("localhost", each.name) for each in answered if each.computer.casefold() in own
    ]
    others = [each.server for each in answered if each.computer.casefold() not in own]
    return list(dict.fromkeys([*registered(registry), *here, *sorted(others)]))


def ask_browsers(
    place: tuple[str, int], seconds: float, clock: Callable[[], float] = time.monotonic
) -> list[Instance]:
    """Return the instances that SQL Server Browser tells of at an address within that time.

    To the whole network's address, many may answer. Silence is an answer, too: there is none.
    """
    found: list[Instance] = []
    is_network = place[0].endswith(".255")
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, is_network)
        asking.sendto(_ASK_ALL if is_network else _ASK_ONE_COMPUTER, place)
        until = clock() + seconds
        while (left := until - clock()) > 0:
            asking.settimeout(left)
            found += read_answer(asking.recvfrom(_LARGEST)[0])
            if not is_network:
                break
    return found


def read_answer(answer: bytes) -> list[Instance]:
    """Return the instances in an answer of SQL Server Browser (MC-SQLR 2.2.5); none in one that is damaged."""
    if len(answer) < 3 or answer[0] != _ANSWER:
        return []
    (size,) = struct.unpack_from("<H", answer, 1)
    text = answer[3 : 3 + size].decode("cp1252", "replace")
    return list(_instances(text.split(";;")))


def _instances(descriptions: Sequence[str]) -> Iterator[Instance]:
    for description in descriptions:
        words = description.split(";")
        told = dict(zip(map(str.lower, words[::2]), words[1::2], strict=False))
        computer, name = told.get("servername", ""), told.get("instancename", "")
        if _is_name(computer) and _is_name(name):
            yield Instance(computer, name, told.get("version", ""))


def _is_name(text: str) -> bool:
    """Whether an answer, which anybody on the network can send, has a possible name here."""
    return 0 < len(text) <= 255 and text.isprintable() and not set(text) & set("\\/,;{}=\"' ")


def _address(computer: str, instance: str) -> str:
    return computer if instance.upper() == _DEFAULT_INSTANCE else f"{computer}\\{instance}"


class NoRegistry:
    """Every system but Windows."""

    def value_names(self, key: str) -> list[str]:  # noqa: ARG002  as its protocol says
        """Return nothing."""
        return []


if sys.platform == "win32":
    import winreg

    class WindowsRegistry:
        """Windows' registry, in the 64-bit view and the 32-bit one."""

        def value_names(self, key: str) -> list[str]:
            """Return the names of the values of a key of the whole computer's; none if there is no such key."""
            found: dict[str, None] = {}
            for view in (winreg.KEY_WOW64_64KEY, winreg.KEY_WOW64_32KEY):
                with (
                    suppress(OSError),
                    winreg.OpenKey(
                        winreg.HKEY_LOCAL_MACHINE, key, 0, winreg.KEY_READ | view
                    ) as opened,
                ):
                    for number in range(winreg.QueryInfoKey(opened)[1]):
                        found[winreg.EnumValue(opened, number)[0]] = None
            return list(found)


def this_registry() -> Registry:
    """Return the registry of this computer."""
    if sys.platform == "win32":
        return WindowsRegistry()
    return NoRegistry()
