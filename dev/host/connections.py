"""Clients of the storage accounts the app's settings name."""

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient, LinearRetry
from azure.storage.queue import LinearRetry as QueueLinearRetry
from azure.storage.queue import QueueServiceClient

from dev.host.errors import HostError

STORAGE_ERRORS = (AzureError, OSError)
"""What a request to storage raises: the SDK's errors, and here and there the network's own."""

# Storage that is down is noticed, and found again, within seconds: the host itself goes on trying.
_PATIENCE: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 60}


class Connections:
    """Makes clients from connection strings or, as in Azure, service URIs."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def blobs(self, connection: str) -> BlobServiceClient:
        """Give a client of the blobs of a connection; raises HostError when it is not set."""
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
        """Give a client of the queues of a connection; raises HostError when it is not set."""
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
                f"The setting {connection} is missing: a storage account's connection string, "
                f"or {connection}__{service}."
            )
        return uri
