"""`python -m dev host`: runs the real app, doing what Azure does around it, until asked to stop."""

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dev.host.app_log import AppLog, set_up_logging
from dev.host.connections import Connections
from dev.host.errors import HostError
from dev.host.invoker import Invoker
from dev.host.settings import read_host_settings
from dev.host.shared import Shared
from dev.host.sources import Sources, sources_of
from dev.host.times import Times
from dev.host.triggers import read_triggers
from dev.host.worker import Worker
from dev.lifetime import say, when_asked_to_stop

_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class HostOptions:
    """How the host runs the app in the folder `app`."""

    app: Path
    host_id: str = "local"
    time_factor: float = 1
    webhook_port: int = 0
    verbose: bool = False


def run(options: HostOptions, *, watch_input: bool) -> int:
    """Serve the app and return the exit status."""
    app_log = set_up_logging(verbose=options.verbose)
    stop = threading.Event()
    when_asked_to_stop(stop.set, watch_input=watch_input)
    try:
        return asyncio.run(_serve(options, app_log, stop))
    except HostError as error:
        print(error, file=sys.stderr, flush=True)
        return 1


async def _serve(options: HostOptions, app_log: AppLog, stop: threading.Event) -> int:
    app, times = options.app.resolve(), Times(options.time_factor)
    settings = read_host_settings(app, os.environ)
    # Each blob and message in progress may block a thread on storage, as do scans and renewals.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(64, "storage"))
    worker = Worker(app)
    triggers = read_triggers(await worker.start(), os.environ)
    worker.allow_threads(None)
    app_log.is_serving = True
    connections = Connections(os.environ, times)
    shared = Shared(options.host_id, settings, times, connections, Invoker(worker))
    sources = sources_of(triggers, shared)
    for line in sources.open_webhook(options.webhook_port):
        say(line)
    sources.start()
    announcing = asyncio.create_task(_announce(sources))
    try:
        await shared.tasks.run_until(stop)
        shared.invoker.stopping = True
        announcing.cancel()
        await _stop(sources, shared.invoker)
    except BaseException:
        _leave_soon(1)
        raise
    app_log.report()
    _leave_soon(0)
    return 0


async def _announce(sources: Sources) -> None:
    await sources.ready()
    say("ready")


async def _stop(sources: Sources, invoker: Invoker) -> None:
    """Leave the leases to others, and give functions their time.

    Whatever doesn't finish in it is abandoned, as if the host had died.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_GRACE_SECONDS):
            await asyncio.gather(sources.release(), invoker.idle.wait())


def _leave_soon(status: int) -> None:
    """End the process soon, even if a function or a storage request never returns in its thread."""
    timer = threading.Timer(2, os._exit, (status,))
    timer.daemon = True
    timer.start()
