"""Installs Azurite, Microsoft's storage emulator, from npm into .tools."""

from __future__ import annotations  # so that an older Python gets as far as the version check

import json
import shutil
from pathlib import Path

from dev.setup.node import machine_npm, wheel_npm
from dev.setup.running import TOOLS, empty_folder, move, run, say

NPM_PACKAGES = {"azurite": "3.35.0"}  # the newest that runs on node 20


def set_up_azurite() -> None:
    """Install Azurite where dev/azurite.py looks for it; needs the step `packages` first."""
    modules = TOOLS / "node_modules"
    if all(_version(modules / name) == version for name, version in NPM_PACKAGES.items()):
        return
    say("Installing Azurite, the storage emulator, into .tools (half a minute)")
    incoming = empty_folder("incoming")
    npm = [*(machine_npm() or wheel_npm()), "install", "--prefix", incoming]
    npm += ["--cache", TOOLS / "cache" / "npm", "--loglevel=error"]
    npm += ["--no-audit", "--no-fund", "--no-save", "--no-update-notifier", "--ignore-scripts"]
    run(
        [*npm, *(f"{name}@{version}" for name, version in NPM_PACKAGES.items())],
        "Azurite could not be installed from npm. Check the network connection, then try again.",
    )
    move(incoming / "node_modules", modules)
    shutil.rmtree(incoming)


def _version(package: Path) -> str | None:
    try:
        text = (package / "package.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    version: str = json.loads(text)["version"]
    return version
