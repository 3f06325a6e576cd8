"""Installs packages from npm into a folder of .tools."""

from __future__ import annotations  # so that an older Python gets as far as the version check

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from dev.setup.node import machine_npm, wheel_npm
from dev.setup.running import TOOLS, empty_folder, move, run, say

_QUIETLY = ("--loglevel=error", "--no-audit", "--no-fund", "--no-save", "--no-update-notifier")


def install_from_npm(packages: Mapping[str, str], modules: Path, what: str) -> None:
    """Install these versions into the folder `modules`, unless they are there; needs the step `packages`.

    Scripts of the packages are not run.
    """
    if all(_version(modules / name) == version for name, version in packages.items()):
        return
    say(f"Installing {what} into .tools (up to half a minute)")
    incoming = empty_folder("incoming")
    npm = [*(machine_npm() or wheel_npm()), "install", "--prefix", incoming, *_QUIETLY]
    npm += ["--cache", TOOLS / "cache" / "npm", "--ignore-scripts"]
    run(
        [*npm, *(f"{name}@{version}" for name, version in packages.items())],
        f"{what} could not be installed from npm. Check the network connection, then try again.",
    )
    modules.parent.mkdir(parents=True, exist_ok=True)
    move(incoming / "node_modules", modules)
    shutil.rmtree(incoming)


def _version(package: Path) -> str | None:
    try:
        text = (package / "package.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    version: str = json.loads(text)["version"]
    return version
