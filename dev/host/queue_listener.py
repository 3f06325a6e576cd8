"""Listens to a queue: takes messages, keeps them away while in progress, deletes or poisons them."""

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.queue import QueueClient, QueueMessage

from dev.host.connections import ask
from dev.host.errors import HostError, StorageBrokenError
from dev.host.invoker import log
from dev.host.polling import BackOff, pause
from dev.host.settings import QueueRules
from dev.host.shared import Shared


class Destination(Protocol):
    """What a queue's messages are for."""

    async def call(self, message: QueueMessage, body: bytes) -> bool:
        """Have a message worked on; return whether that is done, so that it can be deleted."""

    def poison_queue(self, body: bytes | None) -> QueueClient | None:
        """Return where such a message goes in the end, or None if it is never given up.

        None as the body is that of a message that could not be decoded.
        """


class QueueListener:
    """Serves one queue."""

    def __init__(
        self,
        queue: QueueClient,
        rules: QueueRules,
        destination: Destination,
        shared: Shared,
        *,
        is_base64: bool = True,
    ) -> None:
        self.ready = asyncio.Event()
        self._queue, self._rules, self._destination = queue, rules, destination
        self._shared, self._is_base64 = shared, is_base64
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take messages until the host stops; raise StorageGoneError if storage is gone."""
        back_off = BackOff(self._shared.times.factor, self._rules.longest_poll)
        bell = self._shared.bells.of(self._queue.queue_name)
        found = False
        while not self._shared.invoker.stopping:
            bell.clear()
            messages = await self._receive()
            self.ready.set()
            for message in messages:
                self._start(message)
            if messages:
                found = True
                await self._until_few_are_under_way()
            else:
                await pause(back_off.next(found=found), bell)
                found = False

    async def _receive(self) -> list[QueueMessage]:
        try:
            return await ask(self._take)
        except (StorageBrokenError, ResourceNotFoundError, ResourceExistsError):
            return []  # a queue that is missing, or being deleted, is not for the host to make
        except HttpResponseError as error:
            raise HostError(f"The queue {self._queue.queue_name} can't be read: {error}") from error

    def _take(self) -> list[QueueMessage]:
        # One page is one request: `max_messages` goes through all pages.
        pages = self._queue.receive_messages(
            messages_per_page=self._rules.batch, visibility_timeout=self._shared.times.invisible
        ).by_page()
        return list(next(pages, ()))

    def _start(self, message: QueueMessage) -> None:
        if self._shared.invoker.stopping:
            return  # it is away for a while now, as after a kill
        task = self._shared.tasks.start(self._serve(message))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _until_few_are_under_way(self) -> None:
        while len(self._under_way) > self._rules.refill_at:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _serve(self, message: QueueMessage) -> None:
        with self._shared.invoker.handling():
            body = self._body(message)
            poison = self._destination.poison_queue(body)
            if poison is not None and (body is None or _tries(message) > self._rules.tries):
                await self._give_up(message, poison)  # without a call, at first sight
            elif body is None:
                log.warning("%s: message %s is not Base64", self._queue.queue_name, message.id)
            elif await self._call_while_renewing(message, body):
                await self._settle(self._queue.delete_message, message)
            elif poison is None:
                return  # it comes again when it reappears, without end
            elif _tries(message) >= self._rules.tries:
                await self._give_up(message, poison)
            else:
                away = self._shared.times.in_queue(self._rules.pause)
                await self._settle(self._queue.update_message, message, visibility_timeout=away)

    def _body(self, message: QueueMessage) -> bytes | None:
        text = str(message.content)
        if not self._is_base64:
            return text.encode()
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            return None

    async def _call_while_renewing(self, message: QueueMessage, body: bytes) -> bool:
        over = asyncio.Event()
        renewing = self._shared.tasks.start(self._renew(message, over))
        try:
            return await self._destination.call(message, body)
        finally:
            # Not cancelled: a renewal in progress changes the receipt that the next step needs.
            over.set()
            await asyncio.wait({renewing})

    async def _renew(self, message: QueueMessage, over: asyncio.Event) -> None:
        away = self._shared.times.invisible
        while True:
            await pause(away / 2, over)
            if over.is_set():
                return
            try:
                renewed = await ask(self._queue.update_message, message, visibility_timeout=away)
            except HttpResponseError:
                return  # the queue or the message has been deleted since, or is somebody else's
            message.pop_receipt = renewed.pop_receipt

    async def _give_up(self, message: QueueMessage, poison: QueueClient) -> None:
        await self._shared.put(poison, str(message.content))
        await self._settle(self._queue.delete_message, message)
        log.error(
            "message %s of %s: given up; it is in %s now",
            *(message.id, self._queue.queue_name, poison.queue_name),
        )

    async def _settle(
        self, request: Callable[..., Any], message: QueueMessage, **options: Any
    ) -> None:
        with suppress(HttpResponseError):  # deleted since, or somebody else's by now
            await ask(request, message, **options)


def _tries(message: QueueMessage) -> int:
    return message.dequeue_count or 1
