"""Damaged records, deleted catalogues, unusable names, and runs that are given up."""

from datetime import timedelta

import pytest

from contract.blobs import UNKNOWN_STORE, parse_name, run_of
from contract.run import Run, RunState
from function_app.ports import RetryRequest
from tests.function_app.world import DOWN, OK, STORE, World, assert_all_accepted, id_of, ids

BATCHES = [ids(1, 200), ids(201, 400), ids(401, 600), ids(601, 650)]
DAMAGED = [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": 2}', b"[" * 100_000]


@pytest.mark.parametrize("data", DAMAGED)
def test_a_run_whose_record_is_damaged_starts_over(world: World, data: bytes) -> None:
    version = world.put(650)
    world.records.damage(STORE, id_of(version), data)
    assert_all_accepted(world, world.upload(version), BATCHES)


@pytest.mark.parametrize("data", DAMAGED)
def test_a_record_damaged_during_its_run_is_written_again(world: World, data: bytes) -> None:
    version = world.put(650)
    world.while_sending("P201", lambda: world.records.damage(STORE, id_of(version), data))
    assert_all_accepted(world, world.upload(version), BATCHES)


def test_a_record_deleted_during_its_run_is_written_again(world: World) -> None:
    version = world.put(650)
    world.while_sending("P201", lambda: world.records.remove(STORE, id_of(version)))
    assert_all_accepted(world, world.upload(version), BATCHES)


def test_a_record_deleted_before_its_last_save_is_written_again(world: World) -> None:
    version = world.put(150)
    world.while_sending("P1", lambda: world.records.remove(STORE, id_of(version)))
    assert_all_accepted(world, world.upload(version), [ids(1, 150)])


def test_a_waiting_run_whose_record_was_deleted_starts_over(world: World) -> None:
    version = world.put(450)
    world.answer(OK, *[DOWN] * 8)
    assert world.upload(version).state is RunState.WAITING
    world.records.remove(STORE, id_of(version))
    world.all_messages()
    assert (world.run(version).state, world.run(version).accepted) == (RunState.SUCCEEDED, 450)


def test_a_catalogue_deleted_before_its_event_leaves_no_record(world: World) -> None:
    version = world.put(650)
    world.catalogs.delete(version.name)
    world.uploader.upload(version.name)
    assert world.records.saves == []


def test_a_waiting_run_fails_if_its_catalogue_is_deleted(world: World) -> None:
    version = world.put(650)
    world.digible.judge = lambda products: DOWN
    world.upload(version)
    world.catalogs.delete(version.name)
    world.all_messages()
    run = world.run(version)
    assert run.state is RunState.FAILED
    assert run.message == "The catalogue was deleted before all of it was sent. Upload it again."


def test_a_run_fails_if_its_catalogue_is_deleted_while_it_is_sent(world: World) -> None:
    version = world.put(8_000)  # more than is read ahead
    world.while_sending("P201", lambda: world.catalogs.delete(version.name))
    run = world.upload(version)
    assert (run.state, run.error and run.error.kind) == (RunState.FAILED, "catalog_deleted")
    assert run.accepted == 200 * len(world.digible.accepted), "what was accepted is counted"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("shop.json", "It is not in a store's folder."),
        ("UPPER/shop.json", "Its folder is not a store name: "),
        ("-x/shop.json", "Its folder is not a store name: "),
        ("../0001/shop.json", "Its folder is not a store name: "),
        (f"{'x' * 64}/shop.json", "Its folder is not a store name: "),
        ("_unknown/shop.json", "Its folder is not a store name: "),
        ("0001/shop.csv", "Its ending is not .json, .jsonl, .json.gz or .jsonl.gz."),
        ("0001/.json", "Its ending is not"),
        ("0001/", "Its name has empty or unprintable parts."),
        ("0001/../0002/shop.json", "Its name has empty or unprintable parts."),
        ("0001/shop\n.json", "Its name has empty or unprintable parts."),
        (f"0001/{'x' * 1_000}.json", "Its name is longer than 900 characters."),
    ],
)
def test_a_blob_with_an_unusable_name_is_not_ignored(world: World, name: str, why: str) -> None:
    run = unusable(world, name)
    assert (run.state, run.store) == (RunState.INVALID_CATALOG, UNKNOWN_STORE)
    assert run.message.startswith(f"The catalogue can't be used, so none of it was sent. {why}")
    assert run.catalog == name
    assert set("/\\\n").isdisjoint(run.run)
    assert world.digible.requests == []


def unusable(world: World, name: str) -> Run:
    version = world.put(1, name)
    world.uploader.upload(name)
    stored = world.records.load(*run_of(parse_name(name), version.etag))
    assert stored is not None
    assert stored.run is not None
    return stored.run


def test_a_blob_with_an_unusable_name_is_recorded_once(world: World) -> None:
    unusable(world, "shop.json")
    saves = len(world.records.saves)
    world.uploader.upload("shop.json")
    assert len(world.records.saves) == saves


def test_a_deleted_blob_with_an_unusable_name_leaves_no_record(world: World) -> None:
    world.uploader.upload("shop.json")
    assert world.records.saves == []


def test_a_run_fails_when_all_its_invocations_failed(world: World) -> None:
    version = world.put(650)
    assert world.upload_and_die(version, 10)
    world.queue.messages.clear()
    world.uploader.abandon(RetryRequest(version.name, version.etag, acknowledged=1))
    run = world.run(version)
    assert run.state is RunState.FAILED
    assert run.message == (
        "The upload service failed several times with this catalogue. Tell your operator."
    )
    assert (run.accepted, run.not_sent) == (200, 450)


def test_a_run_that_made_progress_before_its_workers_died_is_not_given_up(world: World) -> None:
    version = world.put(650)
    assert world.upload_and_die(version, 10)
    world.queue.messages.clear()
    world.uploader.abandon(RetryRequest(version.name, version.etag, acknowledged=0))
    assert world.run(version).state is RunState.SENDING
    ((_, request),) = world.queue.messages
    assert request == RetryRequest(version.name, version.etag, acknowledged=1)
    world.all_messages(at_most=1)
    assert_all_accepted(world, world.run(version), BATCHES)


def test_a_run_given_up_before_its_first_record_still_gets_one(world: World) -> None:
    version = world.put(650)
    world.uploader.abandon(RetryRequest(version.name, version.etag, acknowledged=0))
    assert world.run(version).state is RunState.FAILED


def test_a_run_that_was_given_up_can_be_resumed(world: World) -> None:
    version = world.put(650)
    world.uploader.abandon(RetryRequest(version.name, version.etag, acknowledged=0))
    world.resume(version)
    assert_all_accepted(world, world.run(version), BATCHES)


def test_giving_up_a_run_that_has_ended_changes_nothing(world: World) -> None:
    version = world.put(650)
    before = world.upload(version)
    world.uploader.abandon(RetryRequest(version.name, version.etag, acknowledged=0))
    assert world.run(version) == before


def test_a_run_that_another_worker_is_sending_is_not_given_up(world: World) -> None:
    version = world.put(650)
    world.while_sending(
        "P201",
        lambda: world.uploader.abandon(RetryRequest(version.name, version.etag, acknowledged=0)),
    )
    assert_all_accepted(world, world.upload(version), BATCHES)
    world.all_messages(at_most=1)
    assert world.run(version).state is RunState.SUCCEEDED


def test_giving_up_a_blob_with_an_unusable_name_records_a_failed_run(world: World) -> None:
    version = world.put(name="shop.json")
    world.uploader.abandon(RetryRequest("shop.json", version.etag, acknowledged=0))
    stored = world.records.load(*run_of(parse_name("shop.json"), version.etag))
    assert stored is not None
    assert stored.run is not None
    assert stored.run.state is RunState.FAILED


def test_giving_up_a_resume_request_leaves_the_run_unchanged(world: World) -> None:
    world.uploader.abandon(RetryRequest(f"{STORE}/shop.1.resume", '"0x1"', acknowledged=0))
    assert world.records.saves == []


def no_save(run: Run, version: str | None) -> str:
    raise ConnectionError("storage is down")


def test_what_goes_wrong_with_a_blob_comes_back_through_the_queue_in_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The host would use up all of its tries within a second."""
    version = world.put(650)
    with monkeypatch.context() as outage:
        world.while_sending("P201", lambda: outage.setattr(world.records, "save", no_save))
        world.uploader.upload(version.name)
    ((due, _),) = world.queue.messages
    assert due == world.clock.now() + timedelta(minutes=1)
    run_and_store = f"run {id_of(version)} of store 0001 is interrupted: ConnectionError"
    assert run_and_store in caplog.text
    world.all_messages(at_most=1)
    run = world.run(version)
    assert (run.state, run.accepted) == (RunState.SUCCEEDED, 650)
    assert world.digible.accepted == [*BATCHES[:2], *BATCHES[1:]]


def test_what_can_not_even_be_queued_is_passed_on_to_the_host(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_put(request: RetryRequest, delay: timedelta) -> None:
        raise TimeoutError("the queue is away")

    version = world.put(650)
    monkeypatch.setattr(world.records, "save", no_save)
    monkeypatch.setattr(world.queue, "put", no_put)
    with pytest.raises(TimeoutError, match="the queue is away"):
        world.uploader.upload(version.name)


def test_what_goes_wrong_with_a_message_is_passed_on_to_the_host(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = world.put(650)
    monkeypatch.setattr(world.records, "save", no_save)
    with pytest.raises(ConnectionError, match="storage is down"):
        world.uploader.retry(RetryRequest(version.name, version.etag))
    assert world.queue.standing_by == []


def test_the_first_time_that_all_invocations_fail_the_run_is_tried_again_in_minutes(
    world: World,
) -> None:
    version = world.put(650)
    world.uploader.abandon(RetryRequest(version.name, None))
    ((due, request),) = world.queue.messages
    assert due == world.clock.now() + timedelta(minutes=5)
    assert request == RetryRequest(version.name, None, acknowledged=0)
    world.all_messages(at_most=1)
    assert_all_accepted(world, world.run(version), BATCHES)


def test_giving_up_a_version_that_was_overwritten_begins_no_run(world: World) -> None:
    old = world.put(650)
    world.put(3)
    world.uploader.abandon(RetryRequest(old.name, old.etag, acknowledged=0))
    assert world.records.saves == []


def test_an_archived_catalogue_is_named_so_at_once(world: World) -> None:
    version = world.put(650)
    world.catalogs.archive(version.name)
    run = world.upload(version)
    assert (run.state, run.error and run.error.kind) == (RunState.FAILED, "archived")
    assert "moved to the archive" in run.message
    assert world.queue.messages == []
