"""The decisions of the host, tested one by one."""

import asyncio
import base64
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from azure.core.exceptions import (
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.storage.blob import BlobServiceClient

from dev.host.blob_messages import BlobMessage
from dev.host.connections import Connections, ask
from dev.host.container_scan import PagedListing
from dev.host.errors import HostError, StorageBrokenError, StorageGoneError
from dev.host.events import messages
from dev.host.polling import BackOff
from dev.host.settings import HostSettings, QueueRules, read_host_settings
from dev.host.timer_source import next_time
from dev.host.times import Times
from dev.host.triggers import BlobPath, TimerTrigger, read_triggers
from dev.host.webhook import open_webhook
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
        queues=QueueRules(batch=7, refill_at=3, tries=9, pause=90),
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
    for client in (Connections(settings, Times()).blobs, Connections(settings, Times()).queues):
        with pytest.raises(HostError, match="The setting Store is"):
            client("Store")


def test_a_service_uri_works_as_a_connection() -> None:
    settings = {
        "Store__blobServiceUri": "https://x.blob.core.windows.net",
        "Store__queueServiceUri": "https://x.queue.core.windows.net",
    }
    assert Connections(settings, Times()).blobs("Store").url == "https://x.blob.core.windows.net/"
    assert Connections(settings, Times()).queues("Store").url == "https://x.queue.core.windows.net/"


def test_a_queue_is_left_alone_for_longer_and_longer_until_something_comes() -> None:
    back_off = BackOff(1, 10, chance=lambda: 0.5)
    pauses = [back_off.next(found=False) for _ in range(9)]
    assert pauses == pytest.approx([0.2, 0.3, 0.5, 0.9, 1.7, 3.3, 6.5, 10, 10])
    assert back_off.next(found=True) == 0.1
    assert back_off.next(found=False) == pytest.approx(0.2)


def test_all_times_are_scaled_but_storage_takes_whole_seconds_and_no_short_leases() -> None:
    times = Times(0.01)
    assert (times.invisible, times.in_queue(10), times.in_queue(0), times.lease) == (6, 1, 0, 15)
    assert (Times().invisible, Times().lease) == (600, 60)


@pytest.mark.parametrize(
    ("at_once", "batch", "refill_at"), [(8, 5, 3), (1, 1, 0), (2, 2, 0), (100, 32, 68)]
)
def test_blobs_are_taken_as_microsofts_extension_does(
    at_once: int, batch: int, refill_at: int
) -> None:
    rules = HostSettings(blobs_at_once=at_once, tries_of_a_blob=7).blobs
    assert rules == QueueRules(batch, refill_at, tries=7, pause=0, longest_poll=60)


@pytest.mark.parametrize(
    ("url", "blob"),
    [
        ("https://x.blob.core.windows.net/catalogs/0001/a.json", ("catalogs", "0001/a.json")),
        ("http://127.0.0.1:10000/account/catalogs/0001/a.json", ("catalogs", "0001/a.json")),
        (
            "https://x.blob.core.windows.net/catalogs/%C3%BC%20%2541.json",
            ("catalogs", "ü %41.json"),
        ),
    ],
)
def test_an_events_address_names_the_blob(url: str, blob: tuple[str, str]) -> None:
    event = {"data": {"url": url, "blobType": "BlockBlob"}}
    (message,) = messages(json.dumps(event), "Host.Functions.f")
    assert (message.container, message.blob) == blob
    assert message.etag == '""', "an event need not have one"
    assert BlobMessage.parse(base64.b64decode(message.text)) == message


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"FunctionId": "f"}', b"\xff"])
def test_a_message_that_is_not_about_a_blob_is_none(body: bytes) -> None:
    assert BlobMessage.parse(body) is None


def answered(status: int) -> HttpResponseError:
    error = HttpResponseError("refused")
    error.status_code = status
    return error


def raising(error: Exception) -> Callable[[], None]:
    def request() -> None:
        raise error

    return request


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ResourceNotFoundError("no such blob"), ResourceNotFoundError),
        (answered(409), HttpResponseError),
        (answered(503), StorageBrokenError),
        (ServiceRequestError("refused"), StorageGoneError),
        (ConnectionResetError(), StorageGoneError),
    ],
)
def test_only_answers_that_mean_something_do_not_end_the_host(
    error: Exception, raised: type[Exception]
) -> None:
    with pytest.raises(raised) as found:
        asyncio.run(ask(raising(error)))
    assert type(found.value) is raised


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HostError, match=f"Port {port} can't be used for Event Grid's events"):
            open_webhook(port, lambda _: None)


def test_a_container_is_listed_page_by_page(azurite_connection: str) -> None:
    with BlobServiceClient.from_connection_string(azurite_connection) as service:
        container = service.get_container_client("listed-in-pages")
        container.create_container()
        names = [f"{number}.json" for number in range(5)]
        for name in names:
            container.upload_blob(name, b"")
        listing = PagedListing(partial(container.list_blobs, results_per_page=2))
        pages = [[blob.name for blob in listing.next_page()] for _ in range(4)]
    assert pages == [names[0:2], names[2:4], names[4:], names[0:2]]
