"""Installs Microsoft's analyser of Kusto queries, which the tests of infra/queries use."""

from __future__ import annotations  # so that an older Python gets as far as the version check

from dev.setup.npm import install_from_npm
from dev.setup.running import TOOLS

PACKAGES = {"@kusto/language-service-next": "12.4.1"}
MODULES = TOOLS / "kusto" / "node_modules"


def set_up_kusto() -> None:
    """Install the analyser; needs the step `packages` first."""
    install_from_npm(PACKAGES, MODULES, "kusto-language-service (the analyser of queries)")
