"""Installs the Python packages into .venv."""

from __future__ import annotations  # so that an older Python gets as far as the version check

import hashlib
import importlib.util
import json
import sys

from dev.setup.node import NODE_WHEEL, machine_npm
from dev.setup.running import (
    PYTHON_VERSION,
    ROOT,
    TOOLS,
    VENV,
    VENV_PYTHON,
    SetUpError,
    apt_install,
    can_use_apt,
    run,
    say,
)

# Microsoft's worker library. It declares Python 3.13 but runs on 3.11. What it needs is in
# requirements.txt.
WORKER = "azure-functions-runtime==1.3.0"
STAMP = VENV / "set-up.stamp"
UNFINISHED = "unfinished"


def set_up_packages() -> None:
    """Create .venv and install the function's, the agent's and the developers' packages into it.

    Do it again when what .venv is made of changes, and from scratch if set-up was interrupted or
    the folder was moved.
    """
    place = f"{ROOT} {PYTHON_VERSION}"
    needs_node = machine_npm() is None
    wanted = [place, _fingerprint(needs_node)]
    found = STAMP.read_text(encoding="utf-8").splitlines() if STAMP.is_file() else []
    if found == wanted and VENV_PYTHON.exists():
        return
    if found[:1] != [place] or not VENV_PYTHON.exists():
        _make_venv()
    STAMP.write_text(UNFINISHED, encoding="utf-8")
    say("Installing the Python packages into .venv (a minute or two)")
    _install("-r", "requirements.txt", "-e", ".[dev]", *([NODE_WHEEL] if needs_node else []))
    _install("--ignore-requires-python", "--no-deps", WORKER)
    STAMP.write_text("\n".join(wanted), encoding="utf-8")


def _install(*what: str) -> None:
    pip = (
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
        "--cache-dir",
        TOOLS / "cache" / "pip",
    )
    run(
        [VENV_PYTHON, "-m", "pip", *pip, "install", *what],
        "The Python packages could not be installed. Check the network connection, then try again.",
    )


def _fingerprint(needs_node: bool) -> str:
    """Return what .venv is made of, as one line.

    Of the tool settings in pyproject.toml, only those of setuptools count.
    """
    import tomllib  # noqa: PLC0415  missing in an older Python, which must reach the version check

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    made_of = [
        (ROOT / "requirements.txt").read_text(encoding="utf-8"),
        [project["build-system"], project["project"], project["tool"]["setuptools"]],
        [WORKER, NODE_WHEEL if needs_node else None],
    ]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:  # Debian has it in a separate package
        package = f"python{PYTHON_VERSION}-venv"
        if not can_use_apt():
            raise SetUpError(f"This Python cannot create virtual environments: install {package}.")
        say(f"Installing {package}")
        apt_install(package)
    say(f"Creating .venv with Python {PYTHON_VERSION}")
    run(
        [sys.executable, "-m", "venv", "--clear", VENV],
        "The virtual environment .venv could not be created.",
    )
