"""Installs Azurite, Microsoft's storage emulator, where dev/azurite.py looks for it."""

from __future__ import annotations  # so that an older Python gets as far as the version check

from dev.setup.npm import install_from_npm
from dev.setup.running import TOOLS

PACKAGES = {"azurite": "3.35.0"}  # the newest that runs on node 20


def set_up_azurite() -> None:
    """Install Azurite; needs the step `packages` first."""
    install_from_npm(PACKAGES, TOOLS / "node_modules", "Azurite (the storage emulator)")
