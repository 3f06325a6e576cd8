"""The queue through which runs come back: the fake and the real one keep the same contract."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from azure.storage.queue import QueueClient, QueueServiceClient

from function_app.azure_storage import retry_queue
from function_app.azure_storage.retry_queue import StorageRetryQueue, decode_request, encode_request
from function_app.ports import RetryQueue, RetryRequest
from tests.function_app.fakes import FakeClock, FakeQueue, Killed, Steps

REQUEST = RetryRequest("0001/ü shop.json", '"0x1D2"')
AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Case:
    """A queue, and how a test takes messages from it."""

    queue: RetryQueue
    due_now: Callable[[], list[RetryRequest]]
    take: Callable[[], RetryRequest | None]
    """Waits for a message that is not due yet."""


@pytest.fixture(params=["fake", "real"])
def case(request: pytest.FixtureRequest) -> Case:
    if request.param == "real":
        return real(request.getfixturevalue("new_queue"))
    clock = FakeClock()
    fake = FakeQueue(clock, Steps())
    return Case(
        fake, lambda: [each for due, each in fake.messages if due <= clock.now()], fake.take
    )


@pytest.fixture
def new_queue(azurite_connection: str) -> QueueClient:
    queues = QueueServiceClient.from_connection_string(azurite_connection)
    return queues.create_queue(f"retries-{uuid4().hex}")


def real(queue: QueueClient) -> Case:
    def decode(content: str) -> RetryRequest:
        return decode_request(base64.b64decode(content).decode("utf-8"))

    def due_now() -> list[RetryRequest]:
        return [decode(message.content) for message in queue.peek_messages(32)]

    def take() -> RetryRequest | None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            message = queue.receive_message()
            if message is not None:
                return decode(message.content)
            time.sleep(0.05)
        return None

    return Case(StorageRetryQueue(queue), due_now, take)


@pytest.mark.parametrize(
    "request_", [REQUEST, RetryRequest("0001/shop.json", None, 3, "2026-11-23T12:00:00.000Z")]
)
def test_a_request_comes_back_unchanged(case: Case, request_: RetryRequest) -> None:
    case.queue.put(request_, AT_ONCE)
    assert case.due_now() == [request_]
    assert case.take() == request_


def test_a_request_does_not_come_back_early(case: Case) -> None:
    case.queue.put(REQUEST, timedelta(minutes=30))
    assert case.due_now() == []


def test_a_request_comes_back_after_its_delay(case: Case) -> None:
    case.queue.put(REQUEST, timedelta(seconds=1))
    assert case.take() == REQUEST


def test_the_host_can_read_a_queued_request(new_queue: QueueClient) -> None:
    StorageRetryQueue(new_queue).put(REQUEST, AT_ONCE)
    message = new_queue.receive_message()
    assert message is not None
    assert json.loads(base64.b64decode(message.content)) == {
        "catalog": "0001/ü shop.json",
        "etag": '"0x1D2"',
        "acknowledged": None,
        "due": None,
    }


def test_a_message_is_read_as_it_was_written() -> None:
    assert decode_request(encode_request(REQUEST)) == REQUEST


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", "{}", '{"catalog": "0001/a.json"}'])
def test_a_message_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_request(text)


def test_a_standby_is_gone_once_its_worker_has_left(new_queue: QueueClient) -> None:
    with StorageRetryQueue(new_queue).stand_by(REQUEST):
        assert number_of(new_queue) == 1
    assert number_of(new_queue) == 0


def test_a_standby_is_gone_after_an_error_that_somebody_else_sees_to(
    new_queue: QueueClient,
) -> None:
    with pytest.raises(ConnectionError), StorageRetryQueue(new_queue).stand_by(REQUEST):
        raise ConnectionError
    assert number_of(new_queue) == 0


def test_a_standby_takes_the_run_up_again_if_its_worker_dies(
    new_queue: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_queue, "STANDS_BY", timedelta(seconds=1))
    with pytest.raises(Killed), StorageRetryQueue(new_queue).stand_by(REQUEST):
        raise Killed
    assert real(new_queue).take() == REQUEST


def test_a_standby_stays_away_as_long_as_its_worker_lives(
    new_queue: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_queue, "STANDS_BY", timedelta(seconds=1))
    monkeypatch.setattr(retry_queue, "_KEEP_EVERY", 0.2)
    with StorageRetryQueue(new_queue).stand_by(REQUEST) as standby:
        for _ in range(15):
            time.sleep(0.1)
            standby.keep()
            assert new_queue.peek_messages() == []
    assert number_of(new_queue) == 0


def test_a_worker_whose_standby_has_come_already_goes_on(
    new_queue: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was frozen, or could not reach storage."""
    monkeypatch.setattr(retry_queue, "STANDS_BY", timedelta(seconds=1))
    monkeypatch.setattr(retry_queue, "_KEEP_EVERY", 0.0)
    with StorageRetryQueue(new_queue).stand_by(REQUEST) as standby:
        assert real(new_queue).take() == REQUEST
        standby.keep()


def number_of(queue: QueueClient) -> int:
    """Return how many messages there are, also those that are not due."""
    return int(queue.get_queue_properties().approximate_message_count or 0)
