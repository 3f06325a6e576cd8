"""The triggers: what Azure binds them to, and one call each."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import azure.functions as func
import azurefunctions.extensions.bindings.blob as blob_binding

from contract.blobs import CATALOGS, RETRIES, parse_blob
from function_app import events, telemetry
from function_app.azure_storage.retry_queue import decode_request
from function_app.errors import SettingsError
from function_app.ports import RetryRequest
from function_app.settings import are_events_from_event_grid
from function_app.sweeping import Swept, sweep
from function_app.wiring import ports, settings, uploader

logger = logging.getLogger(__name__)

STORAGE = "CatalogStorage"
BLOB_POISON = "webjobs-blobtrigger-poison"
"""The queue in which the host puts a blob after every invocation for it has failed."""

_UPLOADS = "Host.Functions.upload_catalog"
_UNREADABLE = (ValueError, KeyError, TypeError, RecursionError)
_SWEEP_EVERY = 5  # minutes

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
        # Whatever Event Grid's subscription lets through is called with, whichever container it is in.
        if blob.container_name == CATALOGS:
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
        swept = sweep(ports())
        _tell(swept)
        if swept.errors:
            raise ExceptionGroup("the sweep could not look at every store", swept.errors)


@app.function_name("abandon_blob")
@app.queue_trigger(arg_name="message", queue_name=BLOB_POISON, connection=STORAGE)
def abandon_blob(message: func.QueueMessage, context: func.Context) -> None:
    """Every invocation for a blob has failed: it is tried again in some minutes."""
    with _invocation(context):
        try:
            content = json.loads(message.get_body())
            container, blob = content["ContainerName"], parse_blob(content["BlobName"])
            function = content.get("FunctionId", _UPLOADS)
        except _UNREADABLE as error:
            _drop(BLOB_POISON, error)
        else:
            # Of no version: with Event Grid, the message names the one that was there when it was sent.
            if container == CATALOGS and function == _UPLOADS:
                uploader().abandon(RetryRequest(blob, None))


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
            uploader().abandon(request)


def _drop(queue: str, error: Exception) -> None:
    # A poison queue has none of its own: the host would call again every ten minutes for a week.
    logger.warning("a message in the queue %s is not one of ours: %s", queue, type(error).__name__)


def _tell(swept: Swept) -> None:
    reporter = ports().telemetry
    if swept.unannounced:
        logger.warning(
            "the sweep found %d catalogues that no event had announced: check the event subscription",
            swept.unannounced,
        )
        reporter.report(events.sweep_found(swept.unannounced))
    if swept.left:
        logger.warning("the sweep found %d runs that nobody worked on", swept.left)
        reporter.report(events.sweep_took_up(swept.left))
    # Once an hour: it is told for as long as it lasts.
    if ports().clock.now().minute < _SWEEP_EVERY:
        for silent in swept.silent:
            reporter.report(events.store_silent(silent))


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


try:
    settings()
except SettingsError as wrong:
    logger.error("%s", wrong)  # noqa: TRY400  # a traceback says nothing more; each call raises it
