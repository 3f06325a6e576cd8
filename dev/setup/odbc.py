"""Installs the ODBC driver manager, which pyodbc needs and no Python package provides."""

from __future__ import annotations  # so that an older Python gets as far as the version check

import shutil
import subprocess
import sys

from dev.setup.running import (
    ROOT,
    SITE_PACKAGES,
    TOOLS,
    VENV_PYTHON,
    SetUpError,
    apt_install,
    can_use_apt,
    empty_folder,
    move,
    run,
    say,
)

UNPACKED = TOOLS / "odbc"
BY_HAND = (
    "install it by hand (Debian and Ubuntu: apt-get install libodbc2 libgssapi-krb5-2;"
    " Fedora: dnf install unixODBC; macOS: brew install unixodbc), then try again"
)

# Python runs this at every start, because a .pth file imports it.
PRELOAD = '''"""Loads the ODBC driver manager unpacked in .tools, so that pyodbc finds it."""

import ctypes
import os

for library in {libraries}:
    if os.path.exists(library):
        ctypes.CDLL(library, ctypes.RTLD_GLOBAL)
'''


def set_up_odbc() -> None:
    """Make the driver manager loadable in .venv: install it as root, or unpack it into .tools."""
    if _problem() is None:
        return
    if can_use_apt():
        say("Installing the ODBC driver manager (libodbc2)")
        apt_install("libodbc2", "libgssapi-krb5-2")  # the second is for Microsoft's driver
    elif sys.platform == "linux" and shutil.which("apt-get"):
        _unpack()
        _preload()
    problem = _problem()
    if problem is not None:
        raise SetUpError(f"The ODBC driver manager cannot be loaded ({problem}): {BY_HAND}.")


def _problem() -> str | None:
    """Return why .venv can't load pyodbc or what Microsoft's driver needs; None if it can."""
    script = "import ctypes, sys, pyodbc\n"
    script += "if sys.platform == 'linux': ctypes.CDLL('libgssapi_krb5.so.2')"
    tried = subprocess.run(
        [VENV_PYTHON, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return tried.stderr.strip().splitlines()[-1] if tried.returncode else None


def _unpack() -> None:
    """Fetch Debian's packages and unpack them under .tools, which needs no special rights."""
    if UNPACKED.is_dir():
        return
    say("Unpacking the ODBC driver manager (libodbc2) into .tools")
    incoming = empty_folder("incoming")
    for folder in ("state/lists/partial", "cache/archives/partial", "unpacked"):
        (incoming / folder).mkdir(parents=True)
    apt = ["apt-get", "-o", f"Dir::State={incoming}/state", "-o", f"Dir::Cache={incoming}/cache"]
    apt += ["-o", "Dir::State::status=/var/lib/dpkg/status"]
    failure = f"The ODBC driver manager could not be fetched: {BY_HAND}."
    run([*apt, "update"], failure)
    run([*apt, "download", "libodbc2", "libltdl7"], failure, directory=incoming)
    for package in incoming.glob("*.deb"):
        run(["dpkg-deb", "-x", package, incoming / "unpacked"], failure)
    move(incoming / "unpacked", UNPACKED)
    shutil.rmtree(incoming)


def _preload() -> None:
    """Make each Python process in .venv load the unpacked libraries by path.

    pyodbc then finds them by name.
    """
    libraries = [
        str(path)
        for name in ("libltdl.so.7", "libodbc.so.2")  # the second needs the first
        for path in UNPACKED.rglob(name)
    ]
    module = SITE_PACKAGES / "preload_odbc.py"
    module.write_text(PRELOAD.format(libraries=libraries), encoding="utf-8")
    module.with_suffix(".pth").write_text("import preload_odbc\n", encoding="utf-8")
