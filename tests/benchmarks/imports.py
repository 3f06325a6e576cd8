"""What the libraries cost before they do anything: the time to import them, and memory."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

from contract.telemetry import CONNECTION_STRING
from dev.azurite import ROOT
from dev.files import without_settings
from tests.benchmarks.table import Line, table
from tests.memory import Memory

_ROUNDS = 3
_TELEMETRY = "the function with telemetry"
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
    "the function": "function_app",
}


def measure() -> str:
    """Import each in a new Python; return the table, with ratios to a Python without imports.

    The last ratio is to the function without telemetry: what it adds to a cold start.
    """
    bare_seconds, bare_megabytes = _costs("sys", {})
    lines = [
        Line("Python alone, time", bare_seconds, "s"),
        Line("Python alone, memory", bare_megabytes, "MB"),
    ]
    for what, modules in _MODULES.items():
        seconds, megabytes = _costs(modules, {})
        lines.append(Line(f"{what}, time", seconds, "s", bare_seconds))
        lines.append(Line(f"{what}, memory", megabytes, "MB", bare_megabytes))
    seconds, megabytes = _costs("function_app", _telemetry())
    without_seconds, without_megabytes = _costs("function_app", {})
    lines.append(Line(f"{_TELEMETRY}, time", seconds, "s", without_seconds))
    lines.append(Line(f"{_TELEMETRY}, memory", megabytes, "MB", without_megabytes))
    return table(f"Imports: from start to imported, median of {_ROUNDS}", lines)


def _telemetry() -> dict[str, str]:
    # Nobody listens at this port: only the start is measured.
    key = "00000000-0000-0000-0000-000000000001"
    return {CONNECTION_STRING: f"InstrumentationKey={key};IngestionEndpoint=http://127.0.0.1:9/"}


def _costs(modules: str, settings: Mapping[str, str]) -> tuple[float, float]:
    rounds = [_import(modules, settings) for _ in range(_ROUNDS)]
    seconds, megabytes = zip(*rounds, strict=True)
    return statistics.median(seconds), statistics.median(megabytes)


def _import(modules: str, settings: Mapping[str, str]) -> tuple[float, float]:
    code = f"import {modules}, sys\nprint('imported', flush=True)\nsys.stdin.read()"
    begun = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**without_settings(os.environ), **settings},
    ) as python:
        assert python.stdout is not None
        assert python.stdout.readline(), f"{modules} can't be imported"
        seconds = time.monotonic() - begun
        memory = Memory(python.pid)
        memory.sample()
        python.communicate()
    return seconds, memory.megabytes
