"""How to log in to SQL Server: the ODBC connection string, written once, and what it says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agent.sqlserver.address import ServerAddress, parse_address

_PROGRAM = "shopMaster upload"
_ATTRIBUTE = re.compile(r"[\s;]*([^=;]+?)\s*=\s*(?:\{((?:[^}]|\}\})*)\}\s*(?=;|\Z)|([^;]*))")
_UNSAFE = re.compile(r"[;{}=]|\A\s|\s\Z")
_DRIVER_KEYS = {"driver", "dsn", "filedsn"}
_ENCRYPTING = {"yes", "mandatory", "strict"}
_MICROSOFTS_VERSION = re.compile(r"(?:ODBC Driver |msodbcsql-?)([0-9]+)", re.IGNORECASE)
_ENCRYPTS_BY_DEFAULT = 18  # the first version of Microsoft's driver that does


@dataclass(frozen=True, slots=True)
class Login:
    """A connection string, and what is in it."""

    text: str = field(repr=False)
    """The connection string; without a driver, unless the user's own names one."""

    server: str
    """As the driver takes it; empty where a data source (DSN) leads to the server."""

    database: str
    """Empty for the login's default database."""

    user: str | None
    """A SQL Server user; None for the account that runs the agent."""

    has_driver: bool
    """Whether the text itself says which driver to use."""

    address: ServerAddress | None
    """Where the server is; None if only the driver knows that."""

    secrets: tuple[str, ...] = field(repr=False)
    """What must not appear in any message."""

    @property
    def encryption(self) -> str | None:
        """The value of `Encrypt`, in lower case; None where the text doesn't say it."""
        value = attributes(self.text).get("encrypt")
        return None if value is None else value.lower()

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection is surely encrypted, whatever a data source says about it."""
        if self.encryption is not None:
            return self.encryption in _ENCRYPTING
        version = _MICROSOFTS_VERSION.search(attributes(self.text).get("driver", ""))
        by_default = version is not None and int(version[1]) >= _ENCRYPTS_BY_DEFAULT
        return by_default or not self.has_driver  # without one, driver.py adds `Encrypt`

    def with_database(self, database: str) -> "Login":
        """Return the login to another database of the server."""
        text = f"{joined({'Database': database})};{self.text}"  # of a repeated key the first counts
        return replace(self, text=text, database=database)


def windows_login(server: str, database: str) -> Login:
    """Return the login of the account that runs the agent."""
    address = parse_address(server)
    text = _text(server, database, address, {"Trusted_Connection": "yes"})
    return Login(text, server, database, None, has_driver=False, address=address, secrets=())


def sql_login(server: str, database: str, user: str, password: str) -> Login:
    """Return the login of a SQL Server user."""
    address = parse_address(server)
    text = _text(server, database, address, {"UID": user, "PWD": password})
    return Login(
        text, server, database, user, has_driver=False, address=address, secrets=(password,)
    )


def _text(
    server: str, database: str, address: ServerAddress | None, account: Mapping[str, str]
) -> str:
    """Write the connection string.

    The connection is always encrypted. The server's certificate is verified unless the server is on
    this computer: there it is usually the self-signed one of a new SQL Server, and the traffic
    doesn't leave the machine, so verifying it would not protect against anything.
    """
    return joined(
        {
            "Server": server,
            "Database": database,
            **account,
            "Encrypt": "yes",
            "TrustServerCertificate": "yes" if address and address.is_local else "no",
            "ApplicationIntent": "ReadOnly",
            "APP": _PROGRAM,
        }
    )


def own_login(text: str) -> Login:
    """Return the login that a connection string describes."""
    said = attributes(text)
    server = said.get("server", "")
    secrets = filter(None, (said.get("pwd"), said.get("password")))
    return Login(
        text=text,
        server=server,
        database=said.get("database", ""),
        user=said.get("uid") or None,
        has_driver=not _DRIVER_KEYS.isdisjoint(said),
        address=parse_address(server) if "port" not in said else None,
        secrets=tuple(secrets),
    )


def attributes(text: str) -> dict[str, str]:
    """Return what a connection string says, by lower-case key; of a repeated key the first, as in ODBC."""
    found: dict[str, str] = {}
    for key, braced, bare in _ATTRIBUTE.findall(text):
        found.setdefault(key.lower(), braced.replace("}}", "}") or bare.strip())
    return found


def joined(pairs: Mapping[str, str]) -> str:
    """Return a connection string, or a part of one, whatever the values are."""
    return ";".join(f"{key}={_escaped(value)}" for key, value in pairs.items())


def _escaped(value: str) -> str:
    return "{" + value.replace("}", "}}") + "}" if _UNSAFE.search(value) else value
