"""What calls the app's functions: the local host, or Microsoft's own triggers."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from dev.azurite import ROOT
from tests.faults.retries import FACTOR

_HOST = "AzureFunctionsJobHost__extensions__"
_MOST_IN_A_BATCH = 32

Command = tuple[list[str], Mapping[str, str]]


class Caller(Protocol):
    """Something that calls functions as Azure does."""

    name: str

    def seconds(self, in_azure: float) -> float:
        """Return how long something takes here that takes so long in Azure, if it is the host's doing."""

    def command(self, port: int, folder: Path, at_once: int | None) -> Command:
        """Return the program and its environment.

        It listens for events on `port`, and keeps what it needs in `folder`. As many blobs and messages
        as `at_once` says can be under way, none of which ends; None leaves that to host.json.
        """

    def webhook(self, port: int) -> str:
        """Return where it listens for events."""


class LocalHost:
    """`python -m dev host`, with all of its times scaled."""

    name = "local"

    def seconds(self, in_azure: float) -> float:
        return in_azure * FACTOR

    def command(self, port: int, folder: Path, at_once: int | None) -> Command:
        options = [
            "--until-input-closes",
            "--time-factor",
            str(FACTOR),
            "--webhook-port",
            str(port),
        ]
        return [sys.executable, "-m", "dev", "host", *options], {
            f"{_HOST}{part}__{name}": str(value)
            for part, limits in _concurrency(at_once).items()
            for name, value in limits.items()
        }

    def webhook(self, port: int) -> str:
        return f"http://127.0.0.1:{port}/runtime/webhooks/blobs"


class Original:
    """Microsoft's triggers, in the program that AZURE_TRIGGERS names, in Azure's own times."""

    name = "original"

    def seconds(self, in_azure: float) -> float:
        return in_azure

    def command(self, port: int, folder: Path, at_once: int | None) -> Command:
        settings = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
        for part, limits in _concurrency(at_once).items():
            settings["extensions"][part] |= limits
        host_json = folder / f"host-{port}.json"
        host_json.write_text(json.dumps(settings), encoding="utf-8")
        return [sys.executable, "-m", "tests.faults.original_host"], {
            "AZURE_TRIGGERS": str(Path(os.environ["AZURE_TRIGGERS"]).absolute()),
            "HOST_JSON": str(host_json),
            "WEBHOOK_PORT": str(port),
            "DOTNET_BUNDLE_EXTRACT_BASE_DIR": str(folder),
            "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
        }

    def webhook(self, port: int) -> str:
        return f"http://127.0.0.1:{port}/"


CALLERS: Mapping[str, Caller] = {each.name: each for each in (LocalHost(), Original())}


def _concurrency(at_once: int | None) -> Mapping[str, Mapping[str, int]]:
    if at_once is None:
        return {}
    # Of n blobs, n // 2 + 1 are taken at a time, as soon as no more than the rest are under way.
    return {
        "blobs": {"maxDegreeOfParallelism": 2 * at_once + 2},
        "queues": {
            "batchSize": min(_MOST_IN_A_BATCH, at_once),
            "newBatchThreshold": at_once,
        },
    }
