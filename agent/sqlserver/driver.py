"""Which ODBC driver to use, of those that are installed."""

import importlib
import platform
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.errors import DatabaseError, DatabaseProblem
from agent.sqlserver.login import Login, joined

_MICROSOFTS = re.compile(r"ODBC Driver (\d+) for SQL Server\Z")
_OLDEST = 17


def connection_string(login: Login, installed: Sequence[str]) -> str:
    """Return the connection string of `login` with a driver, its own or the newest of Microsoft's.

    With the latter the connection is encrypted unless the login itself says otherwise; by default,
    version 17 encrypts nothing.
    Raises DatabaseError (`driver`), which says where to get one, if there is none.
    """
    if login.has_driver:
        return login.text
    added = {"Driver": _newest(installed)}
    if login.encryption is None:
        added["Encrypt"] = "yes"
    return f"{joined(added)};{login.text}"


def driver_missing(what: str) -> DatabaseError:
    """Return the error for a driver that isn't there."""
    return DatabaseError(
        DatabaseProblem.DRIVER,
        what,
        "Install “ODBC Driver 18 for SQL Server” from https://aka.ms/downloadmsodbcsql, then try again.",
    )


def _newest(installed: Sequence[str]) -> str:
    versions = {name: int(match[1]) for name in installed if (match := _MICROSOFTS.match(name))}
    newest = max(versions, key=versions.__getitem__, default=None)
    if newest is not None and versions[newest] >= _OLDEST:
        return newest
    packed = _packed_driver()
    if packed is None:
        raise driver_missing("Microsoft's ODBC driver for SQL Server is not installed here.")
    return str(packed)


def _packed_driver() -> Path | None:
    """Return the driver in the Python package mssql-python-odbc, which developers have.

    Not on Windows, which can't use a driver by its path.
    """
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
