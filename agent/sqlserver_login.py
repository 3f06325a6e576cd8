"""How to log in to SQL Server: the options, the installed ODBC driver, and the connection string."""

import importlib
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import DatabaseError, DatabaseProblem
from agent.sqlserver_address import parse_address

_PROGRAM = "shopMaster upload"
_MICROSOFTS = re.compile(r"ODBC Driver (\d+) for SQL Server\Z")
_OLDEST = 17
_ATTRIBUTE = re.compile(r"[\s;]*([^=;]+?)\s*=\s*(?:\{((?:[^}]|\}\})*)\}\s*(?=;|\Z)|([^;]*))")
_UNSAFE = re.compile(r"[;{}=]|\A\s|\s\Z")
_DRIVER_KEYS = {"driver", "dsn", "filedsn"}


@dataclass(frozen=True, slots=True)
class SqlServerOptions:
    r"""What to read: `server` and `database`, or a `connection_string` instead; the table, its columns."""

    table: str
    """As in the settings: `Products`, `dbo.Products`, `[dbo].[Prod]]ucts]`."""
    product_id: str = "ProductID"
    product_name: str = "ProductName"
    sell_price: str = "SellPrice"
    server: str = ""
    database: str = ""
    authentication: str = "windows"
    """`windows`: as the account that runs the agent. `sql`: with the user name and the password."""
    username: str = ""
    password: str = field(default="", repr=False)
    connection_string: str | None = field(default=None, repr=False)
    driver: str | None = None
    """An ODBC driver's name or path; None: the newest of Microsoft's that is installed."""


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long anything is waited for, in seconds."""

    knock: float = 3
    """For the first sign of life of the server's port."""
    login: int = 15
    lock: int = 30
    """For a lock that another program holds."""
    answer: int = 120
    """For the next rows, or any other answer."""


def connection_string(options: SqlServerOptions, driver: str) -> str:
    """Give the ODBC connection string for `options`; one of the user's own stays as it is.

    The connection is always encrypted. The server's certificate is verified, except on this very
    computer: there it is the self-signed one of every fresh SQL Server, and nothing leaves the
    machine, so that there is nobody whom a verified certificate would keep out.
    """
    if options.connection_string is not None:
        own = options.connection_string
        if _DRIVER_KEYS & attributes(own).keys():
            return own
        return f"{_joined({'Driver': driver})};{own}"
    address = parse_address(options.server)
    login = (
        {"UID": options.username, "PWD": options.password}
        if options.authentication == "sql"
        else {"Trusted_Connection": "yes"}
    )
    return _joined(
        {
            "Driver": driver,
            "Server": options.server,
            "Database": options.database,
            **login,
            "Encrypt": "yes",
            "TrustServerCertificate": "yes" if address and address.is_local else "no",
            "ApplicationIntent": "ReadOnly",
            "APP": _PROGRAM,
        }
    )


def attributes(text: str) -> dict[str, str]:
    """Take a connection string apart; keys in lower case, and of a repeated one the first, as ODBC does."""
    found: dict[str, str] = {}
    for key, braced, bare in _ATTRIBUTE.findall(text):
        found.setdefault(key.lower(), braced.replace("}}", "}") or bare.strip())
    return found


def with_database(text: str, database: str) -> str:
    """Give a connection string with another database: of a repeated key the first counts."""
    return f"{_joined({'Database': database})};{text}"


def pick_driver(options: SqlServerOptions, installed: Sequence[str]) -> str:
    """Give the driver to use; raises DatabaseError (`driver`), saying where to get one.

    Where none of Microsoft's is installed, the one inside the package mssql-python-odbc will do
    (developers have it; Windows can't use a driver by its path).
    """
    if options.driver is not None:
        return options.driver
    own = attributes(options.connection_string or "")
    if _DRIVER_KEYS & own.keys():
        return own.get("driver", "")
    versions = {name: int(match[1]) for name in installed if (match := _MICROSOFTS.match(name))}
    newest = max(versions, key=versions.__getitem__, default=None)
    if newest is not None and versions[newest] >= _OLDEST:
        return newest
    packed = _packed_driver()
    if packed is None:
        raise driver_missing("Microsoft's ODBC driver for SQL Server is not installed here.")
    return str(packed)


def driver_missing(what: str) -> DatabaseError:
    """Give the error for a driver that isn't there."""
    return DatabaseError(
        DatabaseProblem.DRIVER,
        f"{what} Install “ODBC Driver 18 for SQL Server” from "
        "https://aka.ms/downloadmsodbcsql, then try again.",
    )


def _packed_driver() -> Path | None:
    try:
        package = importlib.import_module("mssql_python_odbc")
    except ImportError:
        return None
    libraries = Path(package.get_libs_dir())
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    system = "macos" if sys.platform == "darwin" else f"linux/{_linux_family()}"
    return next(iter(sorted(libraries.glob(f"{system}/{machine}/lib/libmsodbcsql*"))), None)


def _linux_family() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "debian_ubuntu"
    kin = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}"
    families = ("alpine", "suse", "rhel", "fedora")
    family = next((name for name in families if name in kin), "debian_ubuntu")
    return "rhel" if family == "fedora" else family


def _joined(pairs: Mapping[str, str]) -> str:
    return ";".join(f"{key}={_escaped(value)}" for key, value in pairs.items())


def _escaped(value: str) -> str:
    return "{" + value.replace("}", "}}") + "}" if _UNSAFE.search(value) else value
