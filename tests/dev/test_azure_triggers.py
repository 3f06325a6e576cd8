"""The local host calls functions as Microsoft's own triggers do: each scene runs through both."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest
import requests

from dev.azurite import temporary_azurite
from tests.dev.callback import Callback
from tests.dev.engines import AzureTriggers, Engine, LocalHost, need_azure_triggers


@pytest.fixture(scope="module", params=[LocalHost, AzureTriggers], ids=["local", "Microsoft's"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    if request.param is AzureTriggers:
        need_azure_triggers()
    with (
        temporary_azurite() as connection_string,
        Callback() as callback,
        request.param(connection_string, callback, tmp_path_factory.mktemp("engine")) as engine,
    ):
        yield engine


def functions_called(engine: Engine, part: str) -> list[str]:
    return [call.function for call in engine.callback.about(part)]


def test_a_blob_is_tried_five_times_at_once_and_a_message_with_pauses(engine: Engine) -> None:
    calls = engine.callback
    engine.send("failing message")
    calls.wait_for(partial(calls.about, "failing message"))
    engine.announce("fail.json")
    calls.wait_for(lambda: "abandon_blob" in functions_called(engine, "fail.json"))
    assert len(calls.about("failing message")) < 4, "the blob's tries have no pause"
    assert functions_called(engine, "fail.json") == [*["upload_catalog"] * 5, "abandon_blob"]
    (*_, given_up) = calls.about("fail.json")
    assert json.loads(given_up.subject) == {
        "Type": "BlobTrigger",
        "FunctionId": "Host.Functions.upload_catalog",
        "BlobType": "BlockBlob",
        "ContainerName": "catalogs",
        "BlobName": "fail.json",
        "ETag": '"0xOLD"',
    }
    assert given_up.subject == json.dumps(json.loads(given_up.subject), indent=2)
    calls.wait_for(lambda: "abandon_retry" in functions_called(engine, "failing message"))
    tries = [(call.function, call.trigger["dequeue_count"]) for call in calls.about("failing m")]
    assert tries == [*(("retry_catalog", number) for number in range(1, 6)), ("abandon_retry", 1)]
    # The functions of the poison queues have failed too: what they got is neither released nor given up.
    engine.let_time_pass(2)
    assert functions_called(engine, "fail.json").count("abandon_blob") == 1
    assert functions_called(engine, "failing message").count("abandon_retry") == 1
    assert engine.count("webjobs-blobtrigger-poison") == 1
    assert engine.count("catalog-retries-poison") == 1
    assert engine.count("catalog-retries") == 0


def test_a_message_that_is_not_base64_goes_to_the_poison_queue_uncalled(engine: Engine) -> None:
    before = (
        engine.count("catalog-retries-poison") if "catalog-retries-poison" in queues(engine) else 0
    )
    engine.send("not Base64!", as_base64=False)
    engine.let_time_pass()
    assert engine.callback.about("not Base64") == []
    assert engine.count("catalog-retries-poison") == before + 1


def queues(engine: Engine) -> set[str]:
    return {queue.name for queue in engine.queues.list_queues()}


def test_each_delivery_of_an_event_is_a_call_of_its_own_at_the_same_time(engine: Engine) -> None:
    engine.put("wait-twice.json")
    event = engine.event("wait-twice.json")
    for events in ([event], [event], [event, event]):
        assert engine.post(events).status_code == 202
    engine.callback.wait_for(partial(engine.callback.is_waiting, 4))
    engine.callback.let_go(4)
    engine.let_time_pass()
    assert functions_called(engine, "wait-twice.json") == ["upload_catalog"] * 4


def test_nothing_about_an_event_is_checked(engine: Engine) -> None:
    engine.announce("elsewhere.json", container="other")
    engine.put("still-there.json")
    deleted = engine.event("still-there.json") | {"eventType": "Microsoft.Storage.BlobDeleted"}
    assert engine.post([deleted]).status_code == 202
    engine.put("of-another-account.json")
    url = "https://another.blob.core.windows.net/catalogs/of-another-account.json"
    assert engine.post([engine.event("x", url=url)]).status_code == 202
    engine.let_time_pass()
    called = [
        (call.trigger["container"], call.trigger["name"])
        for part in ("elsewhere", "still-there", "of-another")
        for call in engine.callback.about(part)
    ]
    assert called == [
        ("other", "elsewhere.json"),
        ("catalogs", "still-there.json"),
        ("catalogs", "of-another-account.json"),
    ]


def test_an_event_without_a_blob_or_a_function_of_the_app_is_dropped(engine: Engine) -> None:
    engine.put("lost.json")
    for function in ("upload_catalogue", ""):
        assert engine.post([engine.event("lost.json")], function=function).status_code == 202
    assert engine.post([engine.event("gone.json")]).status_code == 202, "deleted before the call"
    engine.let_time_pass()
    assert engine.callback.about("lost.json") == engine.callback.about("gone.json") == []
    (queue,) = engine.queues.list_queues("azure-webjobs-blobtrigger-")
    assert engine.count(queue.name) == 0


def test_names_arrive_as_they_are_but_one_that_ends_in_a_slash_never(engine: Engine) -> None:
    names = ["n ame.json", "nüme.json", "n%41me.json", "n+m#e?&.json", "n/a//me.json", "name/"]
    for name in names:
        engine.announce(name)
    engine.let_time_pass()
    called = {call.subject for call in engine.callback.calls}
    assert set(names) - called == {"name/"}


def test_blobs_are_taken_five_at_a_time_when_three_are_under_way(engine: Engine) -> None:
    assert_batches(engine, 5, 3, bring=announce_all, let_time_pass=send_all)


def test_messages_are_taken_eight_at_a_time_when_four_are_under_way(engine: Engine) -> None:
    assert_batches(engine, 8, 4, bring=send_all, let_time_pass=announce_all)


Bring = Callable[[Engine, Sequence[str]], None]


def announce_all(engine: Engine, names: Sequence[str]) -> None:
    for name in names:
        engine.put(name)
    assert engine.post([engine.event(name) for name in names]).status_code == 202


def send_all(engine: Engine, texts: Sequence[str]) -> None:
    for text in texts:
        engine.send(text)


def assert_batches(
    engine: Engine, batch: int, refill_at: int, *, bring: Bring, let_time_pass: Bring
) -> None:
    """Both follow from this: how many there are at once, of equal and of unequal durations."""
    calls = engine.callback
    kind = bring.__name__

    def assert_waiting(count: int) -> None:
        calls.wait_for(partial(calls.is_waiting, count))
        for text in (f"after-{count}-{len(calls.calls)}-{number}" for number in range(3)):
            let_time_pass(engine, [text])
            calls.wait_for(partial(calls.about, text))
        assert calls.waiting() == count

    for number in range(refill_at + 1):  # one after the other; no more are taken from then on
        bring(engine, [f"wait-{number}-{kind}"])
        calls.wait_for(partial(calls.is_waiting, number + 1))
    bring(engine, [f"wait-more-{number}-{kind}" for number in range(4 * batch)])
    for ending in (0, batch - 1):
        calls.let_go(ending)
        assert_waiting(refill_at + 1)
        calls.let_go(1)
        assert_waiting(refill_at + batch)
    brought = refill_at + 1 + 4 * batch
    calls.let_all_go(kind, brought)
    engine.let_time_pass()
    assert len(calls.about(kind)) == brought, "none was called twice"


def test_what_was_under_way_when_the_host_was_killed_is_not_called_again_soon(
    engine: Engine,
) -> None:
    calls = engine.callback
    engine.announce("wait-for-the-end.json")
    engine.send("wait for the end")
    calls.wait_for(partial(calls.is_waiting, 2))
    engine.server.kill()
    calls.let_go(2)
    engine.start()
    engine.let_time_pass(3)
    assert len(calls.about("for-the-end")) == len(calls.about("for the end")) == 1


def test_the_webhook_answers_as_event_grid_expects(engine: Engine) -> None:
    engine.put("answered.json")
    event = engine.event("answered.json")
    validation = engine.post([{"data": {"validationCode": "123"}}], "SubscriptionValidation")
    assert (validation.status_code, validation.json()) == (200, {"validationResponse": "123"})
    assert engine.post([], "Unsubscribe").status_code == 202
    assert engine.post([event], None).status_code == 400
    assert engine.post(event).status_code == 202, "a CloudEvents event is not in a list"
    options = requests.options(engine.webhook, headers={"Webhook-Request-Origin": "x"}, timeout=30)
    assert options.status_code == 200
    if isinstance(engine, LocalHost):  # the program around Microsoft's triggers drops headers
        assert options.headers["Webhook-Allowed-Origin"] == "eventgrid.azure.net"


def test_a_request_fails_at_the_first_event_that_cannot_be_read(engine: Engine) -> None:
    for name in ("read-1.json", "read-3.json"):
        engine.put(name)
    renamed = {"eventType": "Microsoft.Storage.BlobRenamed", "data": {}}
    events = [engine.event("read-1.json"), renamed, engine.event("read-3.json")]
    assert engine.post(events).status_code == 500
    assert engine.post("nonsense").status_code == 500
    assert engine.post([engine.event("read-3.json", blobType="Unknown")]).status_code == 500
    engine.let_time_pass()
    assert [call.subject for call in engine.callback.about("read-")] == ["read-1.json"]
