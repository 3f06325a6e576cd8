"""What an app's triggers need: queues that are listened to, scans, timers, a webhook, leases."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from dev.host.blob_calls import BlobCalls
from dev.host.blob_messages import BlobMessage, function_id
from dev.host.container_scan import ContainerScan
from dev.host.lease import Lease
from dev.host.queue_calls import QueueCalls
from dev.host.queue_listener import QueueListener
from dev.host.shared import Shared, put_message
from dev.host.timer_source import TimerSource
from dev.host.triggers import BlobTrigger, QueueTrigger, TimerTrigger, Trigger
from dev.host.webhook import open_webhook

_SCAN = "WebJobs.Internal.Blobs.Listener"

Source = QueueListener | ContainerScan | TimerSource


@dataclass(slots=True)
class Sources:
    """All sources of calls of one host."""

    shared: Shared
    triggers: Sequence[Trigger]
    parts: list[Source] = field(default_factory=list)
    leases: list[Lease] = field(default_factory=list)

    def open_webhook(self, port: int) -> Iterator[str]:
        """Listen for events if a function wants them; return a line for each such function."""
        wanting = [item for item in self.blob_triggers() if item.from_event_grid]
        if wanting:
            address = open_webhook(port, Putting(self.shared))
            for trigger in wanting:
                name = function_id(trigger.function)
                yield f"Event Grid's events: {address}?functionName={name}"

    def start(self) -> None:
        """Start them all."""
        for each in (*self.leases, *self.parts):
            self.shared.tasks.start(each.run())

    async def ready(self) -> None:
        """Return once each of them has reached its storage."""
        for part in self.parts:
            await part.ready.wait()

    async def release(self) -> None:
        """Leave what only one host does to another one."""
        for lease in self.leases:
            await lease.release()

    def lease(self, name: str) -> Lease:
        """Return a new lease."""
        self.leases.append(Lease(name, self.shared))
        return self.leases[-1]

    def blob_triggers(self) -> list[BlobTrigger]:
        """Return the triggers of blobs."""
        return [trigger for trigger in self.triggers if isinstance(trigger, BlobTrigger)]


class Putting:
    """Puts events into the queue of blobs, from threads."""

    def __init__(self, shared: Shared) -> None:
        self._queue, self._bells = shared.blob_queue, shared.bells
        self._loop = asyncio.get_running_loop()

    def __call__(self, message: BlobMessage) -> None:
        """Put a message into the queue, and wake its listener."""
        put_message(self._queue, message.text)
        self._loop.call_soon_threadsafe(self._bells.ring, self._queue.queue_name)


def sources_of(triggers: Iterable[Trigger], shared: Shared) -> Sources:
    """Return what these triggers need."""
    sources = Sources(shared, list(triggers))
    blobs = sources.blob_triggers()
    if blobs:
        calls = BlobCalls(blobs, shared)
        sources.parts.append(QueueListener(shared.blob_queue, shared.settings.blobs, calls, shared))
    scan = sources.lease(_SCAN) if any(not blob.from_event_grid for blob in blobs) else None
    for trigger in sources.triggers:
        match trigger:
            case BlobTrigger():
                if not trigger.from_event_grid and scan is not None:
                    sources.parts.append(ContainerScan(trigger, scan, shared))
            case QueueTrigger():
                sources.parts.append(_listener(trigger, shared))
            case TimerTrigger():
                lease = sources.lease(f"{function_id(trigger.function)}.Listener")
                sources.parts.append(TimerSource(trigger, lease, shared))
            case _:
                assert_never(trigger)
    return sources


def _listener(trigger: QueueTrigger, shared: Shared) -> QueueListener:
    queue = shared.connections.queues(trigger.connection).get_queue_client(trigger.queue)
    settings = shared.settings
    return QueueListener(
        queue,
        settings.queues,
        QueueCalls(trigger, shared),
        shared,
        is_base64=settings.messages_are_base64,
    )
