"""Queue triggers: take messages, keep them invisible while in progress, delete or poison them."""

import asyncio
import base64
import json
from contextlib import suppress
from datetime import datetime

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueMessage

from dev.host.connections import STORAGE_ERRORS, Connections
from dev.host.invoker import Invoker, Outage, log
from dev.host.messages import TypedData
from dev.host.settings import HostSettings
from dev.host.triggers import QueueTrigger

_POLL_SECONDS = 0.3
_RETRY_SECONDS = 1.0


class QueueSource:
    """Serves one queue trigger."""

    def __init__(
        self,
        trigger: QueueTrigger,
        connections: Connections,
        settings: HostSettings,
        invoker: Invoker,
    ) -> None:
        self.ready = asyncio.Event()
        self._trigger, self._settings, self._invoker = trigger, settings, invoker
        service = connections.queues(trigger.connection)
        self._queue = service.get_queue_client(trigger.queue)
        self._poison = service.get_queue_client(f"{trigger.queue}-poison")
        self._outage = Outage(f"The queue {trigger.queue}")
        self._under_way = 0

    async def run(self) -> None:
        """Poll the queue and invoke the function until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while not self._invoker.stopping:
                for message in await self._take():
                    self._under_way += 1
                    tasks.create_task(self._serve(message))
                await asyncio.sleep(_POLL_SECONDS)

    async def _take(self) -> list[QueueMessage]:
        free = self._settings.messages_at_once - self._under_way
        if free <= 0:
            return []
        try:
            messages = await asyncio.to_thread(self._receive, free)
        except STORAGE_ERRORS as error:
            self._outage.begin(error)
            await asyncio.sleep(_RETRY_SECONDS)
            return []
        self._outage.end()
        self.ready.set()
        return messages

    def _receive(self, count: int) -> list[QueueMessage]:
        try:
            return list(
                self._queue.receive_messages(
                    max_messages=count, visibility_timeout=self._settings.invisible_seconds
                )
            )
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):
                self._queue.create_queue()
            return []

    async def _serve(self, message: QueueMessage) -> None:
        with self._invoker.handling():
            try:
                await self._handle(message)
            except ResourceNotFoundError:
                return  # the queue or the message has been deleted since
            except STORAGE_ERRORS as error:
                self._outage.begin(error)  # the message reappears on its own
            finally:
                self._under_way -= 1

    async def _handle(self, message: QueueMessage) -> None:
        tries = message.dequeue_count or 1
        most = self._settings.tries_of_a_message
        # More tries than `most`: the host died during each, so no failure was ever noted.
        if tries <= most and await self._call_while_renewing(message):
            await asyncio.to_thread(self._queue.delete_message, message)
        elif _is_poison_queue(self._trigger):
            return  # as in Azure: it stays, is retried when it reappears, and is ignored in the end
        elif tries >= most:
            await asyncio.to_thread(self._move_to_poison, message)
        else:
            await asyncio.to_thread(
                self._queue.update_message,
                message,
                visibility_timeout=round(self._settings.seconds_between_tries),
            )

    async def _call_while_renewing(self, message: QueueMessage) -> bool:
        over = asyncio.Event()
        renewing = asyncio.create_task(self._renew(message, over))
        try:
            return await self._call(message)
        finally:
            # Not cancelled: a renewal in progress changes the receipt that the next step needs.
            over.set()
            await renewing

    async def _renew(self, message: QueueMessage, over: asyncio.Event) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self._settings.invisible_seconds / 3)
                return
            try:
                renewed = await asyncio.to_thread(
                    self._queue.update_message,
                    message,
                    visibility_timeout=self._settings.invisible_seconds,
                )
            except ResourceNotFoundError:
                return
            except STORAGE_ERRORS as error:
                self._outage.begin(error)
            else:
                message.pop_receipt = renewed.pop_receipt

    async def _call(self, message: QueueMessage) -> bool:
        trigger, subject = self._trigger, f"message {message.id}"
        try:
            body = self._body(message)
        except ValueError:
            log.error("%s: %s: is not Base64, which host.json asks for", trigger.function, subject)
            return False
        return await self._invoker.call(
            trigger.function, trigger.parameter, body, _metadata(message), subject
        )

    def _body(self, message: QueueMessage) -> TypedData:
        text = str(message.content)
        if not self._settings.messages_are_base64:
            return TypedData(string=text)
        content = base64.b64decode(text, validate=True)
        try:
            return TypedData(string=content.decode("utf-8"))
        except UnicodeDecodeError:
            return TypedData(bytes=content)

    def _move_to_poison(self, message: QueueMessage) -> None:
        with suppress(ResourceExistsError):
            self._poison.create_queue()
        self._poison.send_message(message.content)
        self._queue.delete_message(message)
        log.error(
            "%s: message %s: given up after %s tries; it is in the queue %s",
            self._trigger.function,
            message.id,
            self._settings.tries_of_a_message,
            self._poison.queue_name,
        )


def _is_poison_queue(trigger: QueueTrigger) -> bool:
    return trigger.queue.endswith("-poison")


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
