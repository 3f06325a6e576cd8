"""An app for the tests of the host: it notes its invocations and does what the content says."""

import contextvars
import json
import logging
import os
import threading
import time
from pathlib import Path

import azure.functions as func
from azurefunctions.extensions.bindings import blob

logging.getLogger("azure").setLevel(logging.WARNING)  # a line for each request otherwise
logger = logging.getLogger("sample")
app = func.FunctionApp()


def _note(function: str, **facts: object) -> None:
    line = json.dumps({"function": function, **facts}) + "\n"
    with Path(os.environ["SAMPLE_NOTES"]).open("a", encoding="utf-8") as notes:
        notes.write(line)


def _log_from_threads() -> None:
    logger.info("from the invocation")
    context = contextvars.copy_context()
    for thread in (
        threading.Thread(target=logger.info, args=("from a thread of no invocation",)),
        threading.Thread(target=context.run, args=(logger.info, "from a thread with the context")),
    ):
        thread.start()
        thread.join()


def _obey(order: str) -> None:
    if order == "log":
        _log_from_threads()
    if order == "fail":
        raise ValueError("as ordered")
    while order == "wait" and not Path(os.environ["SAMPLE_GATE"]).exists():
        time.sleep(0.02)


@app.blob_trigger(arg_name="client", path="%SAMPLE_CONTAINER%/{name}", connection="SampleStorage")
def on_blob(client: blob.BlobClient) -> None:
    """Handle a blob through its client."""
    properties = client.get_blob_properties()
    order = client.download_blob().readall().decode()
    _note("on_blob", name=client.blob_name, etag=properties.etag, order=order)
    _obey(order)
    _note("on_blob_done", name=client.blob_name, etag=properties.etag)


@app.blob_trigger(
    arg_name="stream",
    path="%SAMPLE_CONTAINER%-plain/{folder}/{name}.txt",
    connection="SampleStorage",
)
def on_plain_blob(stream: func.InputStream) -> None:
    """Handle a blob as its content and properties."""
    _note(
        "on_plain_blob",
        name=stream.name,
        uri=stream.uri,
        length=stream.length,
        etag=stream.blob_properties["ETag"],  # type: ignore[attr-defined]  # present but undeclared
        metadata=stream.metadata,  # type: ignore[attr-defined]
        content=stream.read().decode(),
    )


@app.queue_trigger(arg_name="message", queue_name="%SAMPLE_QUEUE%", connection="SampleStorage")
def on_message(message: func.QueueMessage) -> None:
    """Handle a message."""
    order = message.get_body().decode()
    _note("on_message", id=message.id, order=order, tries=message.dequeue_count)
    _obey(order)
    _note("on_message_done", id=message.id, order=order)


@app.timer_trigger(arg_name="timer", schedule="%SAMPLE_SCHEDULE%", run_on_startup=True)
def on_timer(timer: func.TimerRequest) -> None:
    """Handle a timer."""
    _note("on_timer", past_due=timer.past_due, process=os.getpid())
