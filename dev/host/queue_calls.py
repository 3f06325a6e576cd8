"""The messages of a function's own queue, and what it is called with."""

import json
from datetime import datetime

from azure.storage.queue import QueueClient, QueueMessage

from dev.host.messages import TypedData
from dev.host.shared import Shared
from dev.host.triggers import QueueTrigger

_POISON = "-poison"


class QueueCalls:
    """Calls one queue trigger's function."""

    def __init__(self, trigger: QueueTrigger, shared: Shared) -> None:
        self._trigger, self._invoker = trigger, shared.invoker
        queues = shared.connections.queues(trigger.connection)
        self._poison = (
            None
            if trigger.queue.endswith(_POISON)
            else queues.get_queue_client(f"{trigger.queue}{_POISON}")
        )

    async def call(self, message: QueueMessage, body: bytes) -> bool:
        """Call the function with a message; return whether it succeeded."""
        return await self._invoker.call(
            self._trigger.function,
            self._trigger.parameter,
            _value(body),
            _metadata(message),
            f"message {message.id}",
        )

    def poison_queue(self, body: bytes | None) -> QueueClient | None:  # noqa: ARG002  as for blobs
        """Return the queue's poison queue, or None if it is one itself."""
        return self._poison


def _value(body: bytes) -> TypedData:
    try:
        return TypedData(string=body.decode("utf-8"))
    except UnicodeDecodeError:
        return TypedData(bytes=body)


def _metadata(message: QueueMessage) -> dict[str, TypedData]:
    return {
        "Id": TypedData(string=message.id),
        "DequeueCount": TypedData(json=json.dumps(message.dequeue_count)),
        "PopReceipt": TypedData(string=message.pop_receipt),
        "InsertionTime": _time(message.inserted_on),
        "ExpirationTime": _time(message.expires_on),
        "NextVisibleTime": _time(message.next_visible_on),
    }


def _time(moment: datetime | None) -> TypedData:
    return TypedData(json=json.dumps(None if moment is None else moment.isoformat()))
