"""The whole way in one process: table, agent, Azurite, the function's use case, HTTP server."""

import json
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from agent.command_line.main import main
from contract.blobs import CATALOGS, LOCKS, RETRIES, RUNS, RunId, StoreName, resume_name
from contract.run import Run
from dev.files import without_settings
from function_app.azure_storage.catalogs import BlobCatalogs
from function_app.azure_storage.locks import BlobStoreLocks
from function_app.azure_storage.records import BlobRunRecords
from function_app.azure_storage.retry_queue import StorageRetryQueue
from function_app.digible.client import DigibleClient
from function_app.options import UploadOptions
from function_app.ports import Clock, Ports
from function_app.retrying import RetryPolicy
from function_app.telemetry import OpenTelemetry
from function_app.token_stores import FileToken
from function_app.upload import Uploader

_QUICK = UploadOptions(policy=RetryPolicy(attempts=3, first=0.01))


@dataclass(frozen=True, slots=True)
class Ended:
    """How the agent's command ended."""

    code: int
    out: str
    err: str


@dataclass
class WholeWay:
    """A new store, and everything between its table and Digible."""

    connection: str
    folder: Path
    capsys: pytest.CaptureFixture[str]
    store: StoreName = field(default_factory=lambda: StoreName(f"s{uuid4().hex[:12]}"))

    @property
    def token_file(self) -> Path:
        return self.folder / "token"

    def sell(self, rows: Iterable[tuple[object, ...]], id_type: str = "VARCHAR(25)") -> None:
        """Fill a table like shopMaster's with rows of five; prices are text, to keep their digits."""
        path = self.folder / "shop.db"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(
                f"CREATE TABLE Products (ProductID {id_type}, ProductName VARCHAR(75), "
                "SellPrice TEXT, QrCode VARCHAR(100), Status INT)"
            )
            database.executemany("INSERT INTO Products VALUES (?, ?, ?, ?, ?)", rows)
        (self.folder / "shopmaster.toml").write_text(
            f'store = "{self.store}"\n[database]\nsqlite = "shop.db"\ntable = "Products"\n'
            f"[storage]\nconnection_string = {json.dumps(self.connection)}\n",
            encoding="utf-8",
        )

    def upload(self, url: str, timeout: str = "60s", options: tuple[str, ...] = ()) -> Ended:
        """Run the agent as a person does, while the function works; Digible is at `url`."""
        settings = str(self.folder / "shopmaster.toml")
        with self.function(url):
            code = main(["upload", "--config", settings, "--timeout", timeout, *options])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Ended(code, said.out, said.err)

    def runs(self) -> list[Run]:
        """Read the store's run records, the oldest first."""
        with BlobServiceClient.from_connection_string(self.connection) as service:
            records = BlobRunRecords(service.get_container_client(RUNS))
            stored = [records.load(self.store, each.run) for each in records.summaries(self.store)]
        runs = [each.run for each in stored if each is not None and each.run is not None]
        return sorted(runs, key=lambda run: run.started_at)

    def resume(self, run: RunId) -> None:
        """Ask for a run to be resumed, as the agent does."""
        with BlobServiceClient.from_connection_string(self.connection) as service:
            service.get_blob_client(CATALOGS, resume_name(self.store, run)).upload_blob(b"")

    @contextmanager
    def function(self, url: str) -> Iterator[None]:
        """Have the function work on the store's new blobs, and on those left at the block's end."""
        stop = threading.Event()
        failures: list[BaseException] = []
        thread = threading.Thread(target=self._work, args=(url, stop, failures), name="function")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        if failures:
            raise failures[0]

    def _work(self, url: str, stop: threading.Event, failures: list[BaseException]) -> None:
        seen: set[str] = set()
        try:
            with (
                BlobServiceClient.from_connection_string(self.connection) as blobs,
                QueueServiceClient.from_connection_string(self.connection) as queues,
            ):
                uploader = Uploader(self._ports(blobs, queues, url), _QUICK)
                while not self._work_on_new(blobs, uploader, seen) or not stop.is_set():
                    stop.wait(0.05)
        except BaseException as error:  # noqa: BLE001  # the test raises it
            failures.append(error)

    def _work_on_new(self, blobs: BlobServiceClient, uploader: Uploader, seen: set[str]) -> bool:
        """Work on the new blobs, and return whether there were none."""
        container = blobs.get_container_client(CATALOGS)
        new = [
            blob
            for blob in container.list_blobs(name_starts_with=f"{self.store}/")
            if blob.etag not in seen
        ]
        for blob in new:
            seen.add(blob.etag)
            uploader.upload(blob.name)
        return not new

    def _ports(self, blobs: BlobServiceClient, queues: QueueServiceClient, url: str) -> Ports:
        return Ports(
            catalogs=BlobCatalogs(blobs.get_container_client(CATALOGS)),
            records=BlobRunRecords(blobs.get_container_client(RUNS)),
            locks=BlobStoreLocks(blobs.get_container_client(LOCKS)),
            tokens=FileToken(self.token_file),
            queue=StorageRetryQueue(queues.get_queue_client(RETRIES)),
            connect=lambda: DigibleClient(url, None, timeout=10, connections=1),
            telemetry=OpenTelemetry(),
            clock=Clock(lambda: datetime.now(UTC), time.monotonic, time.sleep, random.random),
        )


def clear_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove all settings of the agent and the function from the environment."""
    for name in set(os.environ) - set(without_settings(os.environ)):
        monkeypatch.delenv(name)
