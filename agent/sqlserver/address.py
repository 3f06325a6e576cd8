"""Where a SQL Server is: its address in parts, and a quick check whether anything answers there.

Microsoft's driver waits for its whole login time-out if a server isn't there; one packet to the right
port finds that out within seconds, and finds out why.
"""

import re
import socket
import ssl
import sys
from contextlib import suppress
from dataclasses import dataclass

from agent.errors import DatabaseError, DatabaseProblem

_ADDRESS = re.compile(
    r"\s*(?:(?P<protocol>tcp|np|lpc|admin):)?(?P<host>[^\\,]*)"
    r"(?:\\(?P<instance>[^,]*))?(?:,\s*(?P<port>[0-9]{1,5}))?\s*\Z",
    re.IGNORECASE,
)
_THIS_COMPUTER = {".", "(local)", "localhost", "127.0.0.1", "::1", "(localdb)"}
_DEFAULT_PORT, _BROWSER_PORT = 1433, 1434
_CORRECT = "Correct `server` in the settings."
_PORT_WITHOUT_COMMA = re.compile(  # an IPv6 address has several colons
    r"(?P<host>(?:(?:tcp|np|lpc|admin):)?(?:[^\s:;,/\[\]]+|\[[^\]]*\]))\s*[\s:;/]\s*(?P<port>[0-9]{1,5})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    r"""A server's address as the driver takes it: `shop-pc`, `localhost\SQLEXPRESS`, `tcp:shop-pc,1433`."""

    shown: str
    protocol: str | None
    host: str
    instance: str | None
    port: int | None

    @property
    def is_local(self) -> bool:
        """Whether it is this computer."""
        host = self.host.casefold()
        return host in _THIS_COMPUTER or host == socket.gethostname().casefold()

    @property
    def is_surely_tcp(self) -> bool:
        """Whether the driver uses TCP and nothing else.

        On Windows it reaches a server on the same computer through shared memory. That works with
        TCP and SQL Server Browser switched off, as they are in a new SQL Server Express.
        """
        if self.protocol in {"np", "lpc"} or self.host.casefold() == "(localdb)":
            return False
        asked_for = self.protocol is not None or self.port is not None
        return asked_for or not self.is_local or sys.platform != "win32"


def parse_address(text: str) -> ServerAddress | None:
    r"""Return an address in parts, or None if only the driver understands it, as with `\\.\pipe\sql`."""
    match = _ADDRESS.match(text)
    if match is None or not match["host"].strip():
        return None
    return ServerAddress(
        shown=text.strip(),
        protocol=match["protocol"].lower() if match["protocol"] else None,
        host=match["host"].strip(),
        instance=(match["instance"] or "").strip() or None,
        port=int(match["port"]) if match["port"] else None,
    )


def knock(address: ServerAddress, seconds: float, tls_within: float | None = None) -> None:
    """Raise DatabaseError (`unreachable`) if nothing answers where the driver would look.

    `tls_within` are the seconds in which a server must answer to TLS, for a connection that is encrypted
    from its first byte (Encrypt=strict): there the driver would wait without end.
    """
    _check_comma(address.shown)
    if not address.is_surely_tcp:
        return
    host = "localhost" if address.host in {".", "(local)"} else address.host
    port = address.port
    try:
        if port is None and address.instance is not None:
            port = _instance_port(host, address.instance, seconds)
            if port is None:
                return  # it is there, but listens only on a named pipe
        port = port or _DEFAULT_PORT
        with socket.create_connection((host, port), timeout=seconds) as connection:
            if tls_within is not None:
                _await_tls(connection, tls_within)
    except (socket.gaierror, UnicodeError):  # UnicodeError: not a possible name
        raise _unreachable(f"There is no computer “{host}” on this network.", _CORRECT) from None
    except _BrowserSilentError:
        raise _unreachable(
            f"{address.shown} can't be found: SQL Server Browser on {host} doesn't say where the "
            f"instance {address.instance} listens.",
            "Check that name, start the service “SQL Server Browser” there and let UDP port "
            f"{_BROWSER_PORT} through its firewall, or put the instance's port in the settings, as in "
            f"`server = '{host},1433'`.",
        ) from None
    except (OSError, OverflowError):  # OverflowError: a port over 65535
        raise _unreachable(
            f"Nothing answers at {host}, port {port}.",
            "Check that this computer is on, that the SQL Server service is running there with TCP/IP "
            f"switched on (SQL Server Configuration Manager), and that its firewall allows port {port}; "
            "or correct `server` in the settings.",
        ) from None


def _await_tls(connection: socket.socket, seconds: float) -> None:
    """Raise TimeoutError if a server keeps silent; what is wrong with any answer, the driver says."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent to it
    context.set_alpn_protocols(["tds/8.0"])
    connection.settimeout(seconds)
    with suppress(ssl.SSLError, ConnectionError):
        context.wrap_socket(connection).close()


def _check_comma(server: str) -> None:
    """Refuse `shop-pc:1433`: the driver would look for a computer of that whole name."""
    match = _PORT_WITHOUT_COMMA.fullmatch(server)
    if match is not None:
        host = match["host"].translate({ord("["): None, ord("]"): None})
        raise _unreachable(
            f"There is no computer “{server}”.",
            f"If {match['port']} is the port, SQL Server wants a comma before it: write "
            f"{host},{match['port']} as `server` in the settings.",
        )


class _BrowserSilentError(Exception):
    """SQL Server Browser isn't there, or doesn't know the instance (it then doesn't answer)."""


def _instance_port(host: str, instance: str, seconds: float) -> int | None:
    """Ask SQL Server Browser for an instance's TCP port, as the driver does; None if it has none."""
    address = socket.getaddrinfo(host, _BROWSER_PORT, type=socket.SOCK_DGRAM)[0]
    family, kind, protocol, _, place = address
    with socket.socket(family, kind, protocol) as browser:
        browser.settimeout(seconds)
        try:
            browser.connect(place)
            browser.send(b"\x04" + instance.encode() + b"\0")
            answer = browser.recv(1 << 16)
        except OSError as error:
            raise _BrowserSilentError from error
    return browser_port(answer)


def browser_port(answer: bytes) -> int | None:
    """Return the TCP port in an answer of SQL Server Browser, or None."""
    words = answer[3:].decode(errors="replace").lower().split(";")
    told = dict(zip(words[::2], words[1::2], strict=False))
    port = told.get("tcp", "")
    return int(port) if port.isdecimal() else None


def _unreachable(cause: str, remedy: str) -> DatabaseError:
    return DatabaseError(DatabaseProblem.UNREACHABLE, cause, remedy)
