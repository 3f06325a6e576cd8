"""What the libraries cost before they do anything: the time to import them, and memory."""

import statistics
import subprocess
import sys
import time

from dev.azurite import ROOT
from tests.benchmarks.table import Line, table
from tests.memory import Memory

_ROUNDS = 3
_MODULES = {
    "the agent's command line": "agent.command_line.main",
    "pyodbc": "pyodbc",
    "azure-storage-blob": "azure.storage.blob",
    "azure-identity": "azure.identity",
    "azure-storage-queue": "azure.storage.queue",
    "azure-keyvault-secrets": "azure.keyvault.secrets",
    "requests": "requests",
    "azure-functions": "azure.functions",
    "the blob binding": "azurefunctions.extensions.bindings.blob",
    "everything that the function imports": (
        "azure.functions, azurefunctions.extensions.bindings.blob, azure.identity, "
        "azure.keyvault.secrets, azure.storage.queue, requests, jwt, contract.run"
    ),
}


def measure() -> str:
    """Import each in a new Python; return the table, with ratios to a Python without imports."""
    bare_seconds, bare_megabytes = _costs("sys")
    lines = [
        Line("Python alone, time", bare_seconds, "s"),
        Line("Python alone, memory", bare_megabytes, "MB"),
    ]
    for what, modules in _MODULES.items():
        seconds, megabytes = _costs(modules)
        lines.append(Line(f"{what}, time", seconds, "s", bare_seconds))
        lines.append(Line(f"{what}, memory", megabytes, "MB", bare_megabytes))
    return table(f"Imports: from start to imported, median of {_ROUNDS}", lines)


def _costs(modules: str) -> tuple[float, float]:
    rounds = [_import(modules) for _ in range(_ROUNDS)]
    seconds, megabytes = zip(*rounds, strict=True)
    return statistics.median(seconds), statistics.median(megabytes)


def _import(modules: str) -> tuple[float, float]:
    code = f"import {modules}, sys\nprint('imported', flush=True)\nsys.stdin.read()"
    begun = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as python:
        assert python.stdout is not None
        assert python.stdout.readline(), f"{modules} can't be imported"
        seconds = time.monotonic() - begun
        memory = Memory(python.pid)
        memory.sample()
        python.communicate()
    return seconds, memory.megabytes
