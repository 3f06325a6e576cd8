"""The triggers: what Azure binds them to, one call each, and the wiring of all they use."""

import json
import logging
import os
import random
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import azure.functions as func
import azurefunctions.extensions.bindings.blob as blob_binding
from azure.core.exceptions import ResourceExistsError
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient

from contract.blobs import CATALOGS, LOCKS, RETRIES, RUNS, parse_etag
from function_app import events, telemetry
from function_app.attempt import UploadOptions
from function_app.azure_storage.catalogs import BlobCatalogs
from function_app.azure_storage.locks import BlobStoreLocks
from function_app.azure_storage.records import BlobRunRecords
from function_app.azure_storage.retry_queue import StorageRetryQueue, decode_request
from function_app.digible.client import DigibleClient
from function_app.errors import SettingsError
from function_app.ports import Clock, Ports, TokenStore
from function_app.settings import (
    ConnectionString,
    IdentityStorage,
    Settings,
    TokenInEnvironment,
    TokenInFile,
    TokenPlace,
    TokensInVault,
    are_events_from_event_grid,
    read_settings,
)
from function_app.sweeping import sweep
from function_app.token_stores import FileToken, FixedToken, KeyVaultTokens
from function_app.upload import Uploader

logger = logging.getLogger(__name__)

STORAGE = "CatalogStorage"
BLOB_POISON = "webjobs-blobtrigger-poison"
"""The queue in which the host puts a blob after every invocation for it has failed."""

_HOST_JSON = Path(__file__).parent.parent / "host.json"
_UNREADABLE = (ValueError, KeyError, TypeError)
_SWEEP_EVERY = 5  # minutes
_CHUNK = 4 << 20  # bytes of a catalogue held at once
# After about 3, 5, 9, 17 and 33 s. Azure's defaults begin with 18 s, too long for a cut connection.
_STORAGE_RETRIES = {
    "retry_total": 5,
    "initial_backoff": 1,
    "increment_base": 2,
    "random_jitter_range": 1,
}

telemetry.configure(os.environ)
app = func.FunctionApp()

# Event Grid is quick, misses nothing, and is the only source that Flex Consumption accepts. A container
# scan needs nothing but storage, so it is what a developer's machine has.
_SOURCE = (
    func.BlobSource.EVENT_GRID
    if are_events_from_event_grid(os.environ)
    else func.BlobSource.LOGS_AND_CONTAINER_SCAN
)


@app.function_name("upload_catalog")
@app.blob_trigger(arg_name="blob", path=f"{CATALOGS}/{{name}}", connection=STORAGE, source=_SOURCE)
def upload_catalog(blob: blob_binding.BlobClient, context: func.Context) -> None:
    """A blob, or a new version of one, has arrived: deliver it, or carry out a resume request."""
    # The SDK's client instead of a stream: for a stream the worker reads the whole blob into memory.
    with _invocation(context):
        uploader().upload(blob.blob_name)


@app.function_name("retry_catalog")
@app.queue_trigger(arg_name="message", queue_name=RETRIES, connection=STORAGE)
def retry_catalog(message: func.QueueMessage, context: func.Context) -> None:
    """A run comes back: it has waited, was handed over, or was found by the sweep."""
    with _invocation(context):
        uploader().retry(decode_request(message.get_body().decode("utf-8")))


@app.function_name("sweep_catalogs")
@app.timer_trigger(arg_name="timer", schedule=f"0 */{_SWEEP_EVERY} * * * *", run_on_startup=False)
def sweep_catalogs(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001  # the binding's name
    """Every five minutes: find what was left behind."""
    with _invocation(context):
        used = ports()
        now = used.clock.now()
        swept = sweep(used.catalogs, used.records, used.queue, now)
        if swept.found:
            logger.warning(
                "the sweep found %d catalogues or runs that were left behind", swept.found
            )
            used.telemetry.report(events.sweep_found(swept.found))
        if now.minute < _SWEEP_EVERY:  # once an hour: it is told for as long as it lasts
            for silent in swept.silent:
                used.telemetry.report(events.store_silent(silent))


@app.function_name("abandon_blob")
@app.queue_trigger(arg_name="message", queue_name=BLOB_POISON, connection=STORAGE)
def abandon_blob(message: func.QueueMessage, context: func.Context) -> None:
    """Every invocation for a blob has failed: so has its run, unless it got further."""
    with _invocation(context):
        try:
            content = json.loads(message.get_body())
            container, blob = str(content["ContainerName"]), str(content["BlobName"])
            etag = parse_etag(content["ETag"])
        except _UNREADABLE as error:
            _drop(BLOB_POISON, error)
        else:
            if container == CATALOGS:
                uploader().abandon(blob, etag)


@app.function_name("abandon_retry")
@app.queue_trigger(arg_name="message", queue_name=f"{RETRIES}-poison", connection=STORAGE)
def abandon_retry(message: func.QueueMessage, context: func.Context) -> None:
    """Every invocation for a run that came back has failed: so has the run, unless it got further."""
    with _invocation(context):
        try:
            request = decode_request(message.get_body().decode("utf-8"))
        except _UNREADABLE as error:
            _drop(f"{RETRIES}-poison", error)
        else:
            uploader().abandon(request.catalog, request.etag, request.acknowledged)


def _drop(queue: str, error: Exception) -> None:
    # A poison queue has none of its own: the host would call again every ten minutes for a week.
    logger.error("a message in the queue %s is not one of ours: %s", queue, type(error).__name__)


@contextmanager
def _invocation(context: func.Context) -> Iterator[None]:
    """Do what every call needs; raises SettingsError, as every call does while the settings are wrong."""
    with telemetry.invocation(context):
        try:
            settings()
        except SettingsError as error:
            telemetry.OpenTelemetry().report(events.settings_wrong(error.problems))
            raise
        yield


@cache
def settings() -> Settings:
    """Return the app settings, once they are right; raises SettingsError as long as they are wrong.

    Not read while the app is imported: it would have no functions, and Azure would say that all is well.
    """
    return read_settings(os.environ, _HOST_JSON.read_text(encoding="utf-8"))


try:
    settings()
except SettingsError as wrong:
    logger.error("%s", wrong)  # noqa: TRY400  # a traceback says nothing more; each call raises it


@cache
def ports() -> Ports:
    """Wire the adapters as the settings say, once in a process."""
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
            return KeyVaultTokens(SecretClient(url, ManagedIdentityCredential(client_id=client_id)))
        case TokenInFile(path):
            return FileToken(path)
        case TokenInEnvironment(value):
            return FixedToken(value)
        case _:
            assert_never(place)
