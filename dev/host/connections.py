"""Clients for the storage accounts that the app's settings name, and how patiently they are used."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from azure.core.exceptions import AzureError, HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient, LinearRetry
from azure.storage.queue import LinearRetry as QueueLinearRetry
from azure.storage.queue import QueueServiceClient

from dev.host.errors import HostError, StorageBrokenError, StorageGoneError
from dev.host.times import Times

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Client = TypeVar("Client", BlobServiceClient, QueueServiceClient)

_TRIES = 6
_PAUSE_SECONDS = 5
"""Six tries in 25 s: Microsoft's clients try as often and as long, with growing pauses."""

_SHORTEST_WAIT_SECONDS = 10


class Connections:
    """Creates clients from connection strings or, as in Azure, from service URIs; one for each."""

    def __init__(self, environment: Mapping[str, str], times: Times) -> None:
        self._environment, self._times = environment, times
        self._blobs: dict[str, BlobServiceClient] = {}
        self._queues: dict[str, QueueServiceClient] = {}

    def blobs(self, connection: str) -> BlobServiceClient:
        """Return the client for a connection's blobs; raise HostError if it is not set."""
        if connection not in self._blobs:
            new = self._client(BlobServiceClient, LinearRetry, connection, "blobServiceUri")
            self._blobs[connection] = new
        return self._blobs[connection]

    def queues(self, connection: str) -> QueueServiceClient:
        """Return the client for a connection's queues; raise HostError if it is not set."""
        if connection not in self._queues:
            new = self._client(QueueServiceClient, QueueLinearRetry, connection, "queueServiceUri")
            self._queues[connection] = new
        return self._queues[connection]

    def _client(
        self, kind: type[Client], retry: Callable[..., Any], connection: str, service: str
    ) -> Client:
        # A silent service is waited for 100 s a try. Scaled, a busy machine still gets some time.
        wait = max(_SHORTEST_WAIT_SECONDS, self._times.scaled(100))
        pause = self._times.scaled(_PAUSE_SECONDS)
        options: dict[str, Any] = {
            "retry_policy": retry(backoff=pause, retry_total=_TRIES - 1, random_jitter_range=0),
            "connection_timeout": wait,
            "read_timeout": wait,
        }
        text = self._environment.get(connection)
        try:
            if text:
                return kind.from_connection_string(text, **options)
            return kind(self._uri(connection, service), DefaultAzureCredential(), **options)
        except ValueError as error:
            raise HostError(f"The setting {connection} is unusable: {error}") from None

    def _uri(self, connection: str, service: str) -> str:
        uri = self._environment.get(f"{connection}__{service}")
        if not uri:
            raise HostError(
                f"The setting {connection} is missing. Set it to a storage account's connection "
                f"string, or set {connection}__{service}."
            )
        return uri


async def ask(request: Callable[Given, Answer], *args: Given.args, **named: Given.kwargs) -> Answer:
    """Make a storage request in a thread.

    Raise HttpResponseError for an answer that means something, such as 404, and StorageGoneError
    for trouble that has outlasted the client's tries. As in Azure, that ends the host.
    """
    try:
        return await asyncio.to_thread(request, *args, **named)
    except HttpResponseError as error:
        if error.status_code is None or error.status_code < 500:
            raise
        raise StorageBrokenError(_ended(f"answers HTTP {error.status_code}")) from error
    except (AzureError, OSError) as error:
        raise StorageGoneError(_ended(f"can't be reached ({type(error).__name__})")) from error


def _ended(what: str) -> str:
    return f"Storage {what}, for as long as Azure's host would try. So the host ends, as it would."
