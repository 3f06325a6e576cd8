"""What it costs to save the run record after every batch, at 100 ms per batch."""

import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

import tests.function_app.app_settings  # noqa: F401  # before anything else imports the app
from contract.blobs import CATALOGS, LOCKS, RETRIES, RUNS, RunId, StoreName
from contract.run import Run
from dev.azurite import temporary_azurite
from dev.storage import create_app_storage
from function_app.azure_storage.catalogs import BlobCatalogs
from function_app.azure_storage.locks import BlobStoreLocks
from function_app.azure_storage.records import BlobRunRecords
from function_app.azure_storage.retry_queue import StorageRetryQueue
from function_app.digible.client import DigibleClient
from function_app.options import UploadOptions
from function_app.ports import Clock, Ports, RunRecords, RunSummary, StoredRun
from function_app.telemetry import OpenTelemetry
from function_app.token_stores import FixedToken
from function_app.upload import Uploader
from tests.benchmarks.table import Line, table
from tests.faults.catalogues import good, text
from tests.faults.digible import Digible
from tests.faults.journal import Journal

_BATCHES = 25
_LATENCY = 0.1
_ROUNDS = 5
MOST = 1.10


class RecordsInMemory:
    """Run records that cost nothing and don't survive a crash; implements `ports.RunRecords`."""

    def __init__(self) -> None:
        self._stored: dict[tuple[StoreName, RunId], StoredRun] = {}
        self._versions = count(1)

    def load(self, store: StoreName, run: RunId) -> StoredRun | None:
        return self._stored.get((store, run))

    def save(self, run: Run, version: str | None) -> str:
        new = str(next(self._versions))
        self._stored[run.store, run.run] = StoredRun(run, new)
        return new

    def all(self) -> Iterator[tuple[StoreName, RunSummary]]:
        return iter(())

    def summaries(self, store: StoreName, stem: str = "") -> Iterator[RunSummary]:
        return iter(())


def measure() -> tuple[str, bool]:
    """Deliver the same catalogue both ways in turn.

    Return the table, and whether the cost is within bounds.
    """
    with _ports() as ports:
        ways: dict[str, list[float]] = {"real": [], "memory": []}
        stores = count(1)
        for _ in range(_ROUNDS):
            for way, seconds in ways.items():
                records: RunRecords = RecordsInMemory() if way == "memory" else ports.records
                seconds.append(_deliver(ports, records, f"store{next(stores):03}"))
    real, memory = (statistics.median(seconds) for seconds in ways.values())
    title = f"Checkpoints: {_BATCHES} batches at {_LATENCY * 1000:.0f} ms, median of {_ROUNDS}"
    lines = [
        Line("run record kept in memory", memory, "s"),
        Line(f"run record saved after every batch (at most × {MOST:.2f})", real, "s", memory),
    ]
    return table(title, lines), real <= MOST * memory


def _deliver(ports: Ports, records: RunRecords, store: str) -> float:
    catalogue = good(store, _BATCHES)
    assert isinstance(ports.catalogs, BlobCatalogs)
    ports.catalogs._container.upload_blob(catalogue.name, text(catalogue))
    begun = time.monotonic()
    Uploader(replace(ports, records=records), UploadOptions()).upload(catalogue.name)
    return time.monotonic() - begun


@contextmanager
def _ports() -> Iterator[Ports]:
    digible = Digible(Journal())
    digible.latency = _LATENCY
    digible.open()
    try:
        with temporary_azurite() as connection_string:
            create_app_storage(connection_string)
            with (
                BlobServiceClient.from_connection_string(connection_string) as blobs,
                QueueServiceClient.from_connection_string(connection_string) as queues,
            ):
                yield Ports(
                    catalogs=BlobCatalogs(blobs.get_container_client(CATALOGS)),
                    records=BlobRunRecords(blobs.get_container_client(RUNS)),
                    locks=BlobStoreLocks(blobs.get_container_client(LOCKS)),
                    tokens=FixedToken("a token"),
                    queue=StorageRetryQueue(queues.get_queue_client(RETRIES)),
                    connect=lambda: DigibleClient(digible.url, None, 30, 8),
                    telemetry=OpenTelemetry(),
                    clock=Clock(
                        lambda: datetime.now(UTC), time.monotonic, time.sleep, random.random
                    ),
                )
    finally:
        digible.close()
