"""Clients for the storage accounts that the app's settings name."""

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient, LinearRetry
from azure.storage.queue import LinearRetry as QueueLinearRetry
from azure.storage.queue import QueueServiceClient

from dev.host.errors import HostError

STORAGE_ERRORS = (AzureError, OSError)
"""What a storage request raises: the SDK's errors, and sometimes the network's."""

# Short: the host retries on its own, and notices within seconds that storage is down or back.
_PATIENCE: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 60}


class Connections:
    """Creates clients from connection strings or, as in Azure, from service URIs."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def blobs(self, connection: str) -> BlobServiceClient:
        """Return a client for a connection's blobs; raise HostError if it is not set."""
        retry = LinearRetry(backoff=1, retry_total=2)
        text = self._environment.get(connection)
        try:
            if text:
                return BlobServiceClient.from_connection_string(
                    text, retry_policy=retry, **_PATIENCE
                )
            uri = self._uri(connection, "blobServiceUri")
            return BlobServiceClient(uri, DefaultAzureCredential(), retry_policy=retry, **_PATIENCE)
        except ValueError as error:
            raise HostError(f"The setting {connection} is unusable: {error}") from None

    def queues(self, connection: str) -> QueueServiceClient:
        """Return a client for a connection's queues; raise HostError if it is not set."""
        retry = QueueLinearRetry(backoff=1, retry_total=2)
        text = self._environment.get(connection)
        try:
            if text:
                return QueueServiceClient.from_connection_string(
                    text, retry_policy=retry, **_PATIENCE
                )
            uri = self._uri(connection, "queueServiceUri")
            return QueueServiceClient(
                uri, DefaultAzureCredential(), retry_policy=retry, **_PATIENCE
            )
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
