"""The host with the sample app, and the app's notes about its invocations."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import (
    QueueClient,
    QueueServiceClient,
    TextBase64EncodePolicy,
)

from dev.processes import Server, wait_for
from tests.stack import start_dev

APP = Path(__file__).with_name("sample_app")


@dataclass(frozen=True)
class Sample:
    """What one test uses: its own containers and queue, and the app's notes."""

    connection_string: str
    folder: Path
    name: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SampleStorage": self.connection_string,
            "AzureWebJobsStorage": self.connection_string,
            "SAMPLE_NOTES": str(self.folder / "notes"),
            "SAMPLE_GATE": str(self.folder / "gate"),
            "SAMPLE_CONTAINER": self.name,
            "SAMPLE_QUEUE": self.name,
            "SAMPLE_SCHEDULE": "* * * * * *",
        }

    @contextmanager
    def host(
        self, time_factor: float = 0.02, *options: str, settings: Mapping[str, str] | None = None
    ) -> Iterator[Server]:
        environment = {**self.environment, **(settings or {})}
        arguments = ["--host-id", self.name, "--time-factor", str(time_factor), *options]
        with start_dev("host", "--app", APP, *arguments, environment=environment) as server:
            yield server

    def prepare(self) -> None:
        """Create the containers and the queue: as in Azure, the host creates none."""
        self.container.create_container()
        self.plain_container.create_container()
        self.queue().create_queue()

    @property
    def container(self) -> ContainerClient:
        return self._blobs().get_container_client(self.name)

    @property
    def plain_container(self) -> ContainerClient:
        return self._blobs().get_container_client(f"{self.name}-plain")

    @property
    def hosts_notes(self) -> ContainerClient:
        return self._blobs().get_container_client("azure-webjobs-hosts")

    def queue(self, name: str | None = None, *, as_base64: bool = True) -> QueueClient:
        service = QueueServiceClient.from_connection_string(self.connection_string)
        if not as_base64:
            return service.get_queue_client(name or self.name)
        return service.get_queue_client(
            name or self.name, message_encode_policy=TextBase64EncodePolicy()
        )

    def put(self, name: str, order: str = "fine") -> str:
        """Upload a blob and return its ETag."""
        done = self.container.upload_blob(name, order.encode(), overwrite=True)
        return str(done.get_blob_properties().etag)

    def open_gate(self) -> None:
        (self.folder / "gate").touch()

    def notes(self, function: str, **facts: object) -> list[dict[str, Any]]:
        """Return the function's notes about its invocations, only those with these facts."""
        file = self.folder / "notes"
        if not file.exists():
            return []
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        notes = [json.loads(line) for line in lines if line.endswith("\n")]
        return [
            note for note in notes if note["function"] == function and facts.items() <= note.items()
        ]

    def _blobs(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self.connection_string)


def new_sample(connection_string: str, folder: Path) -> Sample:
    sample = Sample(connection_string, folder, f"test-{uuid.uuid4().hex[:12]}")
    sample.prepare()
    return sample


def eventually(condition: Callable[[], bool], server: Server, seconds: float = 30) -> None:
    """Wait until the condition is true; otherwise fail with the server's output."""
    assert wait_for(condition, seconds), server.output
