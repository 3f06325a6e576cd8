"""An app that hands each call on as an HTTP POST, which decides how the function ends.

It has the functions of Microsoft's triggers in `tests/dev/test_azure_triggers.py`, and does what they do.
"""

import json
import os
import urllib.request

import azure.functions as func
from azurefunctions.extensions.bindings import blob as blob_binding

_STORAGE = "CatalogStorage"
_SOURCES = {
    "events": func.BlobSource.EVENT_GRID,
    "scan": func.BlobSource.LOGS_AND_CONTAINER_SCAN,
}

app = func.FunctionApp()


def _call(function: str, **trigger: object) -> None:
    """Post a call; an answer other than 2xx raises, and so the function fails."""
    body = json.dumps({"function": function, "trigger": trigger}).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ["CALLBACK"], body)).close()


def _call_with(function: str, message: func.QueueMessage) -> None:
    body = message.get_body().decode("utf-8")
    _call(function, id=message.id, body=body, dequeue_count=message.dequeue_count)


@app.blob_trigger(
    arg_name="blob",
    path="catalogs/{name}",
    connection=_STORAGE,
    source=_SOURCES[os.environ["BLOB_SOURCE"]],
)
def upload_catalog(blob: blob_binding.BlobClient) -> None:
    """Hand a blob on."""
    _call("upload_catalog", container=blob.container_name, name=blob.blob_name, uri=blob.url)


@app.queue_trigger(arg_name="message", queue_name="catalog-retries", connection=_STORAGE)
def retry_catalog(message: func.QueueMessage) -> None:
    """Hand a message on."""
    _call_with("retry_catalog", message)


@app.queue_trigger(arg_name="message", queue_name="webjobs-blobtrigger-poison", connection=_STORAGE)
def abandon_blob(message: func.QueueMessage) -> None:
    """Hand a blob that was given up on."""
    _call_with("abandon_blob", message)


@app.queue_trigger(arg_name="message", queue_name="catalog-retries-poison", connection=_STORAGE)
def abandon_retry(message: func.QueueMessage) -> None:
    """Hand a message that was given up on."""
    _call_with("abandon_retry", message)
