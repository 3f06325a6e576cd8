"""The local host, and Microsoft's own triggers, each with the same functions on storage of its own."""

import json
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient, TextBase64EncodePolicy

from dev.azurite import ROOT
from dev.files import without_settings
from dev.ports import free_ports
from dev.processes import Server
from tests.dev.callback import Callback
from tests.loopback import python_path

APP = Path(__file__).with_name("calling_app")
_CONTAINERS = ("catalogs", "other")
_RETRIES = "catalog-retries"


class Engine(ABC):
    """Storage, and whatever calls the functions for what happens in it; the process can be killed."""

    def __init__(self, connection_string: str, callback: Callback, folder: Path) -> None:
        self.callback, self.folder = callback, folder
        self.environment = {
            "CatalogStorage": connection_string,
            "AzureWebJobsStorage": connection_string,
            "CALLBACK": callback.url,
        }
        self.port = free_ports(1)[0]
        self.blobs = BlobServiceClient.from_connection_string(connection_string)
        self.queues = QueueServiceClient.from_connection_string(connection_string)
        for container in _CONTAINERS:
            self.blobs.create_container(container)
        self.queues.create_queue(_RETRIES)
        self._clock = 0

    @abstractmethod
    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        """Return the program, and its environment beside `environment`."""

    @property
    @abstractmethod
    def webhook(self) -> str:
        """Where Event Grid's events go."""

    def start(self) -> None:
        program, environment = self.command()
        self.server = Server(
            type(self).__name__,
            program,
            environment={**without_settings(os.environ), **self.environment, **environment},
            directory=ROOT,
        )
        self.server.wait_until_ready()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.kill()
        self.blobs.close()
        self.queues.close()

    def post(
        self, body: object, kind: str | None = "Notification", function: str = "upload_catalog"
    ) -> requests.Response:
        """Post what Event Grid would."""
        headers = {} if kind is None else {"aeg-event-type": kind}
        text = body if isinstance(body, str) else json.dumps(body)
        name = f"Host.Functions.{function}" if function else ""
        return requests.post(
            self.webhook, text, headers=headers, params={"functionName": name}, timeout=30
        )

    def event(self, name: str, container: str = "catalogs", **data: object) -> dict[str, Any]:
        """Return Event Grid's event about a blob; the etag is not that of the blob."""
        url = self.blobs.get_blob_client(container, name).url
        return {
            "eventType": "Microsoft.Storage.BlobCreated",
            "data": {"url": url, "eTag": "0xOLD", "blobType": "BlockBlob", **data},
        }

    def put(self, name: str, container: str = "catalogs") -> None:
        """Upload a blob; nothing is told about it."""
        self.blobs.get_blob_client(container, name).upload_blob(b"content", overwrite=True)

    def announce(self, name: str, container: str = "catalogs") -> None:
        """Upload a blob and post its event."""
        self.put(name, container)
        assert self.post([self.event(name, container)]).status_code == 202

    def send(self, text: str, delay: int = 0, *, as_base64: bool = True) -> None:
        """Send a message to the queue of retries."""
        policy = {"message_encode_policy": TextBase64EncodePolicy()} if as_base64 else {}
        queue = self.queues.get_queue_client(_RETRIES, **policy)
        queue.send_message(text, visibility_timeout=delay)

    def count(self, queue: str) -> int:
        """Return how many messages a queue has, whether they can be seen or not."""
        try:
            found = self.queues.get_queue_client(queue).get_queue_properties()
        except ResourceNotFoundError:
            return 0
        return found.approximate_message_count or 0

    def let_time_pass(self, seconds: int = 1) -> None:
        """Return once an event and a message have been worked on that came after all else."""
        self._clock += 1
        self.announce(f"clock-{self._clock}.json")
        self.send(f"clock-{self._clock}.message", delay=seconds)
        mine = f"clock-{self._clock}."
        self.callback.wait_for(lambda: len(self.callback.about(mine)) == 2)


class LocalHost(Engine):
    """`python -m dev host`, in Azure's times."""

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        program = [sys.executable, "-m", "dev", "host", "--until-input-closes"]
        return [*program, "--app", str(APP), "--webhook-port", str(self.port)], {
            "BLOB_SOURCE": "events",
            "PYTHON_THREADPOOL_THREAD_COUNT": "100",  # as many as the triggers alone have
            "PYTHONPATH": python_path(ROOT),
        }

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self.port}/runtime/webhooks/blobs"


class AzureTriggers(Engine):
    """Microsoft's own triggers, in the program that `AZURE_TRIGGERS` names."""

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        program = os.environ.get("AZURE_TRIGGERS")
        assert program is not None
        return [Path(program).absolute()], {
            "HOST_JSON": str(APP / "host.json"),
            "WEBHOOK_PORT": str(self.port),
            "DOTNET_BUNDLE_EXTRACT_BASE_DIR": str(self.folder),
            "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
        }

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def need_azure_triggers() -> None:
    """Skip a test where Microsoft's triggers are missing."""
    if not os.environ.get("AZURE_TRIGGERS"):
        pytest.skip("needs machine: Microsoft's own triggers, named in AZURE_TRIGGERS")
