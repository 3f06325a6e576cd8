"""The messages that name blobs, and what their functions are called with."""

from collections.abc import Iterable

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties
from azure.storage.queue import QueueClient, QueueMessage

from dev.host.blob_binding import blob_metadata, blob_value
from dev.host.blob_messages import BlobMessage, function_id
from dev.host.connections import ask
from dev.host.invoker import log
from dev.host.shared import HOST_STORAGE, Shared
from dev.host.triggers import BlobTrigger

_POISON = "webjobs-blobtrigger-poison"


class BlobCalls:
    """Calls the functions of all blob triggers: they share one queue."""

    def __init__(self, triggers: Iterable[BlobTrigger], shared: Shared) -> None:
        self._triggers = {function_id(trigger.function): trigger for trigger in triggers}
        self._shared = shared

    async def call(self, message: QueueMessage, body: bytes) -> bool:
        """Call the function that a message names; return whether it succeeded.

        A message that names no function of the app, or no blob, is done without a word.
        """
        named = BlobMessage.parse(body)
        trigger = self._trigger(named)
        if named is None or trigger is None:
            log.debug("message %s names no function of this app", message.id)
            return True
        if named.blob.endswith("/"):
            return True  # Microsoft's client looks for it without the slash
        connection = self._shared.connections.blobs(trigger.connection)
        blob = connection.get_blob_client(named.container, named.blob)
        try:
            properties: BlobProperties = await ask(blob.get_blob_properties)
            # An event's version is never compared: the function is called with what is there now.
            if not trigger.from_event_grid and properties.etag != named.etag:
                return True  # the scan finds what is there now
            content = None if trigger.wants_client else await ask(_content, blob)
        except ResourceNotFoundError:
            return True
        return await self._invoke(trigger, blob, properties, content)

    async def _invoke(
        self,
        trigger: BlobTrigger,
        blob: BlobClient,
        properties: BlobProperties,
        content: bytes | None,
    ) -> bool:
        container, name = blob.container_name, blob.blob_name
        return await self._shared.invoker.call(
            trigger.function,
            trigger.parameter,
            blob_value(trigger, name, content, container),
            blob_metadata(trigger, properties, blob.url, container),
            f"{container}/{name}",
        )

    def poison_queue(self, body: bytes | None) -> QueueClient:
        """Return the poison queue of the account that the message's function watches."""
        trigger = self._trigger(None if body is None else BlobMessage.parse(body))
        connection = HOST_STORAGE if trigger is None else trigger.connection
        return self._shared.connections.queues(connection).get_queue_client(_POISON)

    def _trigger(self, named: BlobMessage | None) -> BlobTrigger | None:
        return None if named is None else self._triggers.get(named.function_id or "")


def _content(blob: BlobClient) -> bytes:
    return blob.download_blob().readall()
