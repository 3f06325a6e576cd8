"""`python -m tests.faults.original_host`: the real app, called by Microsoft's own triggers."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from dev.azurite import ROOT
from dev.host.app_log import set_up_logging
from dev.host.blob_binding import blob_metadata, blob_value
from dev.host.invoker import Invoker
from dev.host.messages import TypedData
from dev.host.timer_source import next_time
from dev.host.triggers import BlobTrigger, QueueTrigger, TimerTrigger, Trigger, read_triggers
from dev.host.worker import Worker
from dev.lifetime import say, when_asked_to_stop
from dev.processes import Server, wait_for

_STORAGE = "CatalogStorage"


class Calls:
    """Calls the app's functions for the triggers' requests."""

    def __init__(self, invoker: Invoker, triggers: Mapping[str, Trigger]) -> None:
        self._invoker, self._triggers = invoker, triggers
        self._blobs = BlobServiceClient.from_connection_string(os.environ[_STORAGE])

    async def call(self, function: str, given: Mapping[str, Any]) -> bool:
        """Call a function; return whether it succeeded."""
        trigger = self._triggers[function]
        if isinstance(trigger, BlobTrigger):
            return await self._call_with_blob(trigger, given)
        assert isinstance(trigger, QueueTrigger)
        metadata = {
            "Id": TypedData(string=given["id"]),
            "DequeueCount": TypedData(json=json.dumps(given["dequeue_count"])),
        }
        value = TypedData(string=given["body"])
        subject = f"message {given['id']}"
        return await self._invoker.call(function, trigger.parameter, value, metadata, subject)

    async def _call_with_blob(self, trigger: BlobTrigger, given: Mapping[str, Any]) -> bool:
        container, name = given["container"], given["name"]
        blob = self._blobs.get_blob_client(container, name)
        try:
            properties = await asyncio.to_thread(blob.get_blob_properties)
        except ResourceNotFoundError:
            return True
        return await self._invoker.call(
            trigger.function,
            trigger.parameter,
            blob_value(trigger, name, None, container),
            blob_metadata(trigger, properties, blob.url, container),
            f"{container}/{name}",
        )

    async def keep_time(self, trigger: TimerTrigger) -> None:
        """Call a timer's function when it is due, for ever."""
        while True:
            due = next_time(trigger.schedule, datetime.now(UTC))
            await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
            value = TypedData(json=json.dumps({"IsPastDue": False}))
            subject = f"timer of {due:%H:%M:%S}"
            await self._invoker.call(trigger.function, trigger.parameter, value, {}, subject)


def _serve(calls: Calls, loop: asyncio.AbstractEventLoop) -> str:
    """Answer the triggers' requests from now on; return the address."""

    class Handler(BaseHTTPRequestHandler):
        # With a connection for each call, .NET's client now and then leaves one unsent.
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            call = calls.call(asked["function"], asked["trigger"])
            succeeded = asyncio.run_coroutine_threadsafe(call, loop).result()
            self.send_response(200 if succeeded else 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
            """Write no line for each call."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


async def _run() -> int:
    app_log, stop = set_up_logging(verbose=False), threading.Event()
    when_asked_to_stop(stop.set, watch_input=True)
    worker = Worker(ROOT)
    triggers = read_triggers(await worker.start(), os.environ)
    worker.allow_threads(None)
    app_log.is_serving = True
    calls = Calls(Invoker(worker), {each.function: each for each in triggers})
    environment = os.environ | {"CALLBACK": _serve(calls, asyncio.get_running_loop())}
    program = Server("the triggers", [os.environ["AZURE_TRIGGERS"]], environment=environment)
    await asyncio.to_thread(program.wait_until_ready)
    timers = [each for each in triggers if isinstance(each, TimerTrigger)]
    under_way = [asyncio.create_task(calls.keep_time(each)) for each in timers]
    say("ready")
    await asyncio.to_thread(wait_for, lambda: stop.is_set() or program.status is not None, inf)
    if program.status is not None:
        say(f"The triggers have ended. {program.output[-4_000:]}")
    for each in under_way:
        each.cancel()
    program.kill()
    os._exit(0 if stop.is_set() else 1)  # whatever is under way dies with the triggers


if __name__ == "__main__":
    sys.exit(asyncio.run(_run()))
