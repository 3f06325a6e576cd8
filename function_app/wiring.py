"""Wires the adapters as the app settings say, once in a process."""

import os
import random
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from azure.core.exceptions import ResourceExistsError
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient

from contract.blobs import CATALOGS, LOCKS, RETRIES, RUNS
from function_app import telemetry
from function_app.azure_storage.catalogs import BlobCatalogs
from function_app.azure_storage.locks import BlobStoreLocks
from function_app.azure_storage.records import BlobRunRecords
from function_app.azure_storage.retry_queue import StorageRetryQueue
from function_app.digible.client import DigibleClient
from function_app.options import UploadOptions
from function_app.ports import Clock, Ports, TokenStore
from function_app.settings import (
    ConnectionString,
    IdentityStorage,
    Settings,
    TokenInEnvironment,
    TokenInFile,
    TokenPlace,
    TokensInVault,
    read_settings,
)
from function_app.token_stores import FileToken, FixedToken, KeyVaultTokens
from function_app.upload import Uploader

_HOST_JSON = Path(__file__).parent.parent / "host.json"
_CHUNK = 4 << 20  # bytes of a catalogue held at once
# After about 3, 5, 9, 17 and 33 s. Azure's defaults begin with 18 s, too long for a cut connection.
_STORAGE_RETRIES = {
    "retry_total": 5,
    "initial_backoff": 1,
    "increment_base": 2,
    "random_jitter_range": 1,
}
# A run waits in the queue for a vault that is away, not in an invocation.
_VAULT_TIMES = {"connection_timeout": 5, "read_timeout": 10, "retry_total": 2}


@cache
def settings() -> Settings:
    """Return the app settings, once they are right; raises SettingsError as long as they are wrong.

    Not read while the app is imported: it would have no functions, and Azure would say that all is well.
    """
    return read_settings(os.environ, _HOST_JSON.read_text(encoding="utf-8"))


@cache
def ports() -> Ports:
    """Return the adapters that the settings ask for."""
    used = settings()
    blobs, queues = _storage(used.storage)
    connect = partial(
        DigibleClient,
        used.api_url,
        used.body_key,
        used.timeout,
        connections=used.concurrency,
        proxy=_proxy(used.api_url),
        tls=ssl.create_default_context(),
    )
    return Ports(
        catalogs=BlobCatalogs(_container(blobs, CATALOGS)),
        records=BlobRunRecords(_container(blobs, RUNS)),
        locks=BlobStoreLocks(_container(blobs, LOCKS)),
        tokens=_tokens(used.tokens, used.storage),
        queue=StorageRetryQueue(_queue(queues, RETRIES)),
        connect=connect,
        telemetry=telemetry.OpenTelemetry(),
        clock=Clock(lambda: datetime.now(UTC), time.monotonic, time.sleep, random.random),
    )


@cache
def uploader() -> Uploader:
    """Return the use case that every trigger but the sweep calls, one for all threads."""
    used = settings()
    options = UploadOptions(used.isolate, used.concurrency, used.longest_doubt, used.time_limit)
    return Uploader(ports(), options)


def _proxy(url: str) -> str | None:
    """Return the HTTP proxy that the environment names for an address, as curl and requests read it."""
    address = urlsplit(url)
    if proxy_bypass(address.hostname or ""):
        return None
    proxy = getproxies().get(address.scheme)
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _storage(
    storage: ConnectionString | IdentityStorage,
) -> tuple[BlobServiceClient, QueueServiceClient]:
    blob_options: dict[str, Any] = {"max_single_get_size": _CHUNK, "max_chunk_get_size": _CHUNK}
    options: dict[str, Any] = {"connection_timeout": 10, "read_timeout": 30, **_STORAGE_RETRIES}
    if isinstance(storage, ConnectionString):
        return (
            BlobServiceClient.from_connection_string(storage.value, **blob_options, **options),
            QueueServiceClient.from_connection_string(storage.value, **options),
        )
    credential = ManagedIdentityCredential(client_id=storage.client_id)
    return (
        BlobServiceClient(storage.blob_service_uri, credential, **blob_options, **options),
        QueueServiceClient(storage.queue_service_uri, credential, **options),
    )


def _container(blobs: BlobServiceClient, name: str) -> ContainerClient:
    container = blobs.get_container_client(name)
    with suppress(ResourceExistsError):
        container.create_container()
    return container


def _queue(queues: QueueServiceClient, name: str) -> QueueClient:
    queue = queues.get_queue_client(name)
    with suppress(ResourceExistsError):
        queue.create_queue()
    return queue


def _tokens(place: TokenPlace, storage: ConnectionString | IdentityStorage) -> TokenStore:
    match place:
        case TokensInVault(url):
            client_id = storage.client_id if isinstance(storage, IdentityStorage) else None
            credential = ManagedIdentityCredential(client_id=client_id)
            return KeyVaultTokens(SecretClient(url, credential, **_VAULT_TIMES))
        case TokenInFile(path):
            return FileToken(path)
        case TokenInEnvironment(value):
            return FixedToken(value)
        case _:
            assert_never(place)
