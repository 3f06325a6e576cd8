"""The decisions of the host, tested one by one."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from azure.storage.queue import QueueMessage, QueueServiceClient, TextBase64EncodePolicy

from dev.host.connections import Connections
from dev.host.errors import HostError
from dev.host.invoker import Invoker
from dev.host.messages import TypedData
from dev.host.queue_source import QueueSource
from dev.host.settings import HostSettings, read_host_settings
from dev.host.timer_source import next_time
from dev.host.triggers import BlobPath, QueueTrigger, TimerTrigger, read_triggers
from dev.host.worker import Function


@pytest.mark.parametrize(
    ("path", "blob", "names"),
    [
        ("catalogs/{name}", "0001/x.json", {"name": "0001/x.json"}),
        ("catalogs", "a/b", {"name": "a/b"}),
        ("catalogs/{store}/{name}.json", "1/x.json", {"store": "1", "name": "x"}),
        ("catalogs/{store}/{name}.json", "1/x.jsonl", None),
        ("catalogs/a+b/{name}", "a+b/x", {"name": "x"}),
        ("catalogs/a+b/{name}", "aab/x", None),
        ("catalogs/{name}", "line\nbreak", {"name": "line\nbreak"}),
    ],
)
def test_a_path_selects_its_blobs(path: str, blob: str, names: dict[str, str] | None) -> None:
    parsed = BlobPath.parse(path)
    assert (parsed.container, parsed.match(blob)) == ("catalogs", names)
    assert names is None or blob.startswith(parsed.prefix)


def function(**binding: object) -> Function:
    return Function("f", "1", (json.dumps({"name": "x", **binding}),))


@pytest.mark.parametrize(
    ("binding", "words"),
    [
        ({"type": "blobTrigger", "path": "{container}/x"}, "names no container"),
        ({"type": "timerTrigger", "schedule": "* * * * *"}, "six fields"),
        ({"type": "timerTrigger", "schedule": "sometimes"}, "six fields"),
        ({"type": "httpTrigger"}, "does not serve a httptrigger"),
        ({"type": "queueTrigger", "queueName": "%MISSING%"}, "MISSING is missing"),
    ],
)
def test_a_trigger_that_cannot_be_served_is_named(binding: dict[str, str], words: str) -> None:
    with pytest.raises(HostError, match=f"f: .*{words}"):
        read_triggers([function(**binding)], {})


def test_an_output_binding_is_not_served() -> None:
    two = Function("f", "1", ('{"name": "a"}', '{"name": "b"}'))
    with pytest.raises(HostError, match="one binding"):
        read_triggers([two], {})


def test_settings_are_substituted_in_bindings() -> None:
    binding = {"type": "timerTrigger", "schedule": "0 %MINUTE% * * * *", "runOnStartup": True}
    triggers = read_triggers([function(**binding)], {"MINUTE": "*/5"})
    assert triggers == [TimerTrigger("f", "x", "0 */5 * * * *", run_on_startup=True)]


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        ("*/10 * * * * *", "2026-01-01T00:00:05", "2026-01-01T00:00:10"),
        ("0 */5 * * * *", "2026-01-01T00:05:00", "2026-01-01T00:10:00"),
        ("30 15 3 * * *", "2026-01-01T03:15:30", "2026-01-02T03:15:30"),
        ("0 0 0 * * 1", "2026-01-01T00:00:00", "2026-01-05T00:00:00"),
    ],
)
def test_a_schedule_starts_with_seconds(schedule: str, after: str, due: str) -> None:
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_time(schedule, start) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def write_host_json(folder: Path, text: str) -> None:
    (folder / "host.json").write_text(text, encoding="utf-8")


def test_settings_missing_from_host_json_have_azures_defaults(tmp_path: Path) -> None:
    write_host_json(tmp_path, '{"version": "2.0"}')
    assert read_host_settings(tmp_path, {}) == HostSettings()


def test_the_environment_overrides_host_json(tmp_path: Path) -> None:
    queues = {"batchSize": 2, "maxDequeueCount": 9, "visibilityTimeout": "00:01:30"}
    write_host_json(tmp_path, json.dumps({"extensions": {"queues": queues}}))
    overrides = {
        "AzureFunctionsJobHost__extensions__queues__batchSize": "7",
        "AZUREFUNCTIONSJOBHOST__EXTENSIONS__BLOBS__MAXDEGREEOFPARALLELISM": "1",
        "AzureFunctionsJobHost__extensions__queues__messageEncoding": "none",
    }
    assert read_host_settings(tmp_path, overrides) == HostSettings(
        blobs_at_once=1,
        messages_at_once=7,
        tries_of_a_message=9,
        seconds_between_tries=90,
        messages_are_base64=False,
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ('{"extensions": {"queues": {"batchSize": 0}}}', "batchSize"),
        ('{"extensions": {"queues": {"visibilityTimeout": "soon"}}}', "visibilityTimeout"),
    ],
)
def test_an_invalid_host_json_is_explained(tmp_path: Path, text: str, words: str) -> None:
    write_host_json(tmp_path, text)
    with pytest.raises(HostError, match=words):
        read_host_settings(tmp_path, {})


@pytest.mark.parametrize("settings", [{}, {"Store": ""}, {"Store": "not a connection string"}])
def test_a_connection_that_is_not_set_is_named(settings: dict[str, str]) -> None:
    for client in (Connections(settings).blobs, Connections(settings).queues):
        with pytest.raises(HostError, match="The setting Store is"):
            client("Store")


def test_a_service_uri_works_as_a_connection() -> None:
    settings = {
        "Store__blobServiceUri": "https://x.blob.core.windows.net",
        "Store__queueServiceUri": "https://x.queue.core.windows.net",
    }
    assert Connections(settings).blobs("Store").url == "https://x.blob.core.windows.net/"
    assert Connections(settings).queues("Store").url == "https://x.queue.core.windows.net/"


class BlockedInvoker(Invoker):
    """An invoker whose calls return only once they are let go."""

    def __init__(self) -> None:
        self.stopping = False
        self.let_go = asyncio.Event()
        self.calls = 0

    @contextmanager
    def handling(self) -> Iterator[None]:
        yield

    async def call(
        self,
        function: str,
        parameter: str,
        value: TypedData,
        metadata: Mapping[str, TypedData],
        subject: str,
    ) -> bool:
        self.calls += 1
        await self.let_go.wait()
        return True


class FailingInvoker(BlockedInvoker):
    """An invoker whose calls fail at once."""

    async def call(self, *_: object, **__: object) -> bool:
        self.calls += 1
        return False


def test_a_message_in_a_poison_queue_is_retried_but_never_moved(
    azurite_connection: str,
) -> None:
    settings = HostSettings(invisible_seconds=1, tries_of_a_message=2)
    trigger = QueueTrigger("f", "x", "Store", "given-up-poison")
    service = QueueServiceClient.from_connection_string(azurite_connection)
    queue = service.get_queue_client(trigger.queue, message_encode_policy=TextBase64EncodePolicy())
    queue.create_queue()
    queue.send_message("work")

    async def scenario() -> None:
        invoker = FailingInvoker()
        connections = Connections({"Store": azurite_connection})
        source = CountingSource(trigger, connections, settings, invoker)
        serving = asyncio.create_task(source.run())
        await until(lambda: invoker.calls == 2)
        polls = source.polls
        await until(lambda: source.polls > polls + 5)  # 0.3 s apart: by then it has reappeared
        invoker.stopping = True
        await serving
        assert invoker.calls == 2

    asyncio.run(scenario())
    assert queue.get_queue_properties().approximate_message_count == 1
    assert "given-up-poison-poison" not in {item.name for item in service.list_queues()}


class CountingSource(QueueSource):
    """A queue source that counts how often it has polled."""

    polls = 0

    def _receive(self, count: int) -> list[QueueMessage]:
        taken = super()._receive(count)
        self.polls += 1
        return taken


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  polls a plain number in another object
            await asyncio.sleep(0.02)


def test_a_message_is_invisible_while_in_progress_and_reappears_when_its_host_dies(
    azurite_connection: str,
) -> None:
    """The message is invisible for 2 s at a time.

    Another host that polls for longer doesn't see it until the first host is dead.
    """
    settings = HostSettings(invisible_seconds=2)
    trigger = QueueTrigger("f", "x", "Store", "renewed-messages")
    connections = Connections({"Store": azurite_connection})
    service = QueueServiceClient.from_connection_string(azurite_connection)
    queue = service.get_queue_client(trigger.queue, message_encode_policy=TextBase64EncodePolicy())
    queue.create_queue()
    queue.send_message("work")

    async def scenario() -> None:
        working, waiting = BlockedInvoker(), BlockedInvoker()
        dying = asyncio.create_task(QueueSource(trigger, connections, settings, working).run())
        await until(lambda: working.calls == 1)
        looking = CountingSource(trigger, connections, settings, waiting)
        living = asyncio.create_task(looking.run())
        await until(lambda: looking.polls > 9)  # at least 0.3 s apart
        assert waiting.calls == 0
        dying.cancel()
        await until(lambda: waiting.calls == 1)
        waiting.let_go.set()
        waiting.stopping = True
        await living

    asyncio.run(scenario())
    assert queue.get_queue_properties().approximate_message_count == 0
