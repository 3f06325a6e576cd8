"""The time that is left for the message of a dead worker's run passes faster, and no other's."""

import re
from collections.abc import Iterator
from datetime import timedelta
from math import ceil
from typing import Any

import pytest
from azure.storage.queue import QueueClient, QueueMessage

import tests.function_app.app_settings  # noqa: F401  # before anything else imports the app
from contract.blobs import RETRIES
from function_app.azure_storage import retry_queue
from function_app.ports import RetryRequest
from tests.faults.proxy import StorageProxy
from tests.faults.retries import FACTOR, STANDS_BY, Retries

RUN = RetryRequest("shop/a.json", '"0x1"')
MINUTE = timedelta(minutes=1)


class Watched(QueueClient):
    """The real queue; it notes how long messages are to wait, once that is accepted."""

    waits: list[object]

    def update_message(self, *args: Any, **named: Any) -> QueueMessage:
        message = super().update_message(*args, **named)
        self.waits.append(named["visibility_timeout"])
        return message


class Queue:
    """The function's queue behind a proxy, and what was done to its messages from before it."""

    def __init__(self, connection_string: str) -> None:
        watched = Watched.from_connection_string(connection_string, RETRIES, retry_total=0)
        self.waits = watched.waits = []
        self.retries = Retries(watched)
        found = re.search(r"QueueEndpoint=http://127\.0\.0\.1:(\d+)/", connection_string)
        assert found is not None
        self.proxy = StorageProxy(int(found[1]), self.retries.see)
        proxied = self.proxy.through(connection_string)
        self.client = QueueClient.from_connection_string(proxied, RETRIES)
        self.functions = retry_queue.StorageRetryQueue(self.client)


@pytest.fixture
def queue(storage: str) -> Iterator[Queue]:
    queue = Queue(storage)
    with queue.proxy:
        yield queue
        queue.client.clear_messages()


def test_the_message_of_a_dead_worker_comes_a_fifth_as_late(queue: Queue) -> None:
    with queue.functions.stand_by(RUN):
        assert queue.waits == [], "as long as its worker lives, it is left alone"
        queue.retries.hasten()
        assert queue.waits == [ceil(STANDS_BY * FACTOR)]
        assert 90 < queue.retries.saved <= STANDS_BY * (1 - FACTOR)


def test_the_message_that_a_worker_has_put_off_is_still_found(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_queue, "_KEEP_EVERY", 0.0)
    with queue.functions.stand_by(RUN) as standby:
        standby.keep()
        queue.retries.hasten()
        assert queue.waits == [ceil(STANDS_BY * FACTOR)]


def test_a_worker_that_has_ended_leaves_nothing_to_hasten(queue: Queue) -> None:
    with queue.functions.stand_by(RUN):
        pass
    queue.retries.hasten()
    assert queue.waits == []


def test_a_long_wait_is_shortened_unless_its_end_was_promised(queue: Queue) -> None:
    queue.functions.put(RUN, MINUTE)
    assert queue.waits == [ceil(60 * FACTOR)]
    queue.functions.put(RUN, timedelta(seconds=30))
    promised = RetryRequest(RUN.catalog, RUN.etag, due="2030-01-02T03:04:05Z")
    queue.functions.put(promised, MINUTE)
    assert queue.waits == [ceil(60 * FACTOR)]
