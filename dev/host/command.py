"""`python -m dev host`: runs the real app, doing what Azure does around it, until asked to stop."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from dev.host.blob_source import BlobSource
from dev.host.connections import Connections
from dev.host.errors import HostError
from dev.host.invoker import Invoker
from dev.host.queue_source import QueueSource
from dev.host.settings import HostSettings, read_host_settings
from dev.host.timer_source import TimerSource
from dev.host.triggers import BlobTrigger, QueueTrigger, TimerTrigger, Trigger, read_triggers
from dev.host.worker import Worker
from dev.lifetime import say, when_asked_to_stop

_GRACE_SECONDS = 5.0

Source = BlobSource | QueueSource | TimerSource


def run(app: Path, *, verbose: bool, watch_input: bool) -> int:
    """Serve the app in the folder `app` and return the exit status."""
    _set_up_logging(verbose=verbose)
    stop = threading.Event()
    when_asked_to_stop(stop.set, watch_input=watch_input)
    try:
        return asyncio.run(_serve(app.resolve(), stop))
    except HostError as error:
        print(error, file=sys.stderr, flush=True)
        return 1


async def _serve(app: Path, stop: threading.Event) -> int:
    settings = read_host_settings(app, os.environ)
    # Each blob and message in progress may block a thread on storage, as do scans and renewals.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(64, "storage"))
    worker = Worker(app)
    triggers = read_triggers(await worker.start(), os.environ)
    worker.allow_threads(settings.blobs_at_once + settings.messages_at_once * len(triggers))
    invoker = Invoker(worker)
    sources = _sources(triggers, settings, invoker)
    running = [asyncio.create_task(source.run()) for source in sources]
    announcing = asyncio.create_task(_announce(sources))
    try:
        await _until(stop, running)
        invoker.stopping = True
        announcing.cancel()
        # Whatever doesn't finish in this time is abandoned, as if the host had died.
        with suppress(TimeoutError):
            await asyncio.wait_for(invoker.idle.wait(), _GRACE_SECONDS)
    except BaseException:
        _leave_soon(1)
        raise
    _leave_soon(0)
    return 0


def _sources(triggers: Sequence[Trigger], settings: HostSettings, invoker: Invoker) -> list[Source]:
    connections = Connections(os.environ)
    blobs_at_once = asyncio.Semaphore(settings.blobs_at_once)

    def source(trigger: Trigger) -> Source:
        match trigger:
            case BlobTrigger():
                return BlobSource(trigger, connections, settings, invoker, blobs_at_once)
            case QueueTrigger():
                return QueueSource(trigger, connections, settings, invoker)
            case TimerTrigger():
                return TimerSource(trigger, invoker)

    return [source(trigger) for trigger in triggers]


async def _announce(sources: Sequence[Source]) -> None:
    for source in sources:
        await source.ready.wait()
    say("ready")


async def _until(stop: threading.Event, running: Sequence["asyncio.Task[None]"]) -> None:
    """Return when asked to stop; an error that no source handles ends the host."""
    while not stop.is_set():
        ended, _ = await asyncio.wait(running, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()


def _leave_soon(status: int) -> None:
    """End the process soon, even if a function or a storage request never returns in its thread."""
    timer = threading.Timer(2, os._exit, (status,))
    timer.daemon = True
    timer.start()


def _set_up_logging(*, verbose: bool) -> None:
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
    logging.getLogger("dev.host").setLevel(logging.DEBUG if verbose else logging.INFO)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_news)
    # The SDKs log each request's headers, and the worker library logs a line for each invocation.
    logging.getLogger("azure").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a record is worth a log line.

    azure-functions warns about HTTP in every app that has none.
    """
    return record.name != "root" or "Auth level is not applied" not in str(record.msg)
