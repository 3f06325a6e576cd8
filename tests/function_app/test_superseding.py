"""A store never goes back to an older catalogue, in the order of the blob service's clock."""

from datetime import timedelta

import pytest

from contract.blobs import StoreName
from contract.run import RunState
from function_app.answers import TokenRefused
from function_app.options import UploadOptions
from function_app.ports import CatalogVersion, RetryRequest
from tests.function_app.fake_storage import FakeLease
from tests.function_app.fakes import NOON
from tests.function_app.world import DOWN, OK, STORE, World, id_of, ids, rows

EARLIER = NOON - timedelta(minutes=1)
MESSAGE = "This store has a newer catalogue, so the rest of this one is not sent."


def test_an_older_catalogue_with_a_late_event_is_not_sent(world: World) -> None:
    newer = world.put(rows(300, price="2.00"), "0001/b.json")
    older = world.put(300, "0001/a.json", modified=EARLIER)
    assert world.upload(newer).state is RunState.SUCCEEDED
    run = world.upload(older)
    assert (run.state, run.message) == (RunState.SUPERSEDED, MESSAGE)
    assert (run.read, run.accepted, run.not_sent) == (0, 0, 0)  # it was not even read
    assert {product.product_price for product in world.digible.products.values()} == {"2.00"}


def test_a_name_does_not_make_a_catalogue_newer(world: World) -> None:
    older = world.put(1, "0001/z.json", modified=EARLIER)
    newer = world.put(1, "0001/a.json")
    assert world.upload(older).state is RunState.SUCCEEDED
    assert world.upload(newer).state is RunState.SUCCEEDED


def test_a_superseded_run_stops_before_its_next_batch(world: World) -> None:
    older = world.put(650, "0001/a.json", modified=EARLIER)
    newer = world.put(rows(650, price="2.00"), "0001/b.json")
    world.while_sending("P201", lambda: world.uploader.upload(newer.name))
    run = world.upload(older)
    assert (run.state, run.message) == (RunState.SUPERSEDED, MESSAGE)
    assert (run.accepted, run.not_sent) == (400, 250)
    assert world.digible.accepted == [ids(1, 200), ids(201, 400)]
    world.all_messages()
    assert world.run(newer).state is RunState.SUCCEEDED
    assert {product.product_price for product in world.digible.products.values()} == {"2.00"}


def test_the_older_run_is_marked_once_the_newer_catalogue_is_known_to_be_good(
    world: World,
) -> None:
    older = world.put(650, "0001/a.json", modified=EARLIER)
    newer = world.put(650, "0001/b.json")
    marks = []

    def look() -> None:
        world.uploader.upload(newer.name)
        marks.append(world.run(older).state)

    world.while_sending("P201", look)
    world.upload(older)
    assert marks == [RunState.SUPERSEDED]


def test_a_newer_catalogue_waits_for_the_batch_under_way(world: World) -> None:
    older = world.put(650, "0001/a.json", modified=EARLIER)
    newer = world.put(650, "0001/b.json")
    under_way = []

    def look() -> None:
        world.uploader.upload(newer.name)
        under_way.append(len(world.digible.requests))

    world.while_sending("P1", look)
    world.upload(older)
    assert under_way == [1], "the newer run sent something at the same time"
    ((_, request),) = world.queue.messages
    assert request == RetryRequest(newer.name, newer.etag)


def test_a_run_superseded_during_its_last_batch_stays_so_with_correct_counts(
    world: World,
) -> None:
    older = world.put(200, "0001/a.json", modified=EARLIER)
    newer = world.put(200, "0001/b.json")
    world.while_sending("P1", lambda: world.uploader.upload(newer.name))
    ended = world.upload(older)
    assert (ended.state, ended.accepted, ended.not_sent) == (RunState.SUPERSEDED, 200, 0)
    world.all_messages()
    assert world.run(newer).state is RunState.SUCCEEDED


def test_a_waiting_run_ends_when_a_newer_catalogue_arrives(world: World) -> None:
    older = world.put(1, "0001/a.json", modified=EARLIER)
    world.digible.judge = lambda products: DOWN
    world.upload(older)
    world.digible.judge = lambda products: OK
    newer = world.put(rows(1, price="2.00"), "0001/b.json")
    assert world.upload(newer).state is RunState.SUCCEEDED
    assert world.run(older).state is RunState.SUPERSEDED
    world.all_messages()
    assert world.digible.products["P1"].product_price == "2.00"


def test_a_run_whose_worker_died_ends_when_a_newer_catalogue_arrives(world: World) -> None:
    older = world.put(650, "0001/a.json", modified=EARLIER)
    assert world.upload_and_die(older, 12)
    newer = world.put(rows(1, price="2.00"), "0001/b.json")
    world.upload(newer)
    assert world.upload(older).state is RunState.SUPERSEDED
    world.all_messages()
    assert world.run(newer).state is RunState.SUCCEEDED
    assert world.digible.products["P1"].product_price == "2.00"


def test_a_run_that_has_ended_is_not_superseded(world: World) -> None:
    older = world.put(1, "0001/a.json", modified=EARLIER)
    world.upload(older)
    world.upload(world.put(1, "0001/b.json"))
    assert world.run(older).state is RunState.SUCCEEDED


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'[{"ProductID": 1}'])
def test_a_broken_newer_catalogue_does_not_stop_an_older_run(world: World, content: bytes) -> None:
    older = world.put(650, "0001/a.json", modified=EARLIER)
    broken = world.catalogs.put("0001/b.json", content)
    world.while_sending("P201", lambda: world.uploader.upload(broken.name))
    assert world.upload(older).state is RunState.SUCCEEDED
    assert world.run(broken).state is RunState.INVALID_CATALOG


def test_a_catalogue_overwritten_before_its_event_is_sent_in_its_new_version(world: World) -> None:
    first = world.put(1)
    second = world.put(rows(1, price="2.00"))
    world.uploader.upload(first.name)
    world.uploader.upload(first.name)
    assert world.records.load(STORE, id_of(first)) is None
    assert world.run(second).state is RunState.SUCCEEDED
    assert len(world.digible.accepted) == 1


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_run_stops_if_its_catalogue_is_overwritten(world: World, seconds: int) -> None:
    first = world.put(2_000)
    newer: list[CatalogVersion] = []

    def overwrite() -> None:
        at = NOON + timedelta(seconds=seconds)
        newer.append(world.put(rows(2_000, price="2.00"), modified=at))
        world.uploader.upload(newer[0].name)

    world.while_sending("P201", overwrite)
    world.upload(first)
    assert world.run(first).state is RunState.SUPERSEDED
    assert world.run(first).accepted == 200 * len(world.digible.accepted)
    world.all_messages()
    assert world.run(newer[0]).state is RunState.SUCCEEDED
    assert {product.product_price for product in world.digible.products.values()} == {"2.00"}


def test_a_run_stops_even_before_the_event_of_the_version_that_overwrote_its_catalogue(
    world: World,
) -> None:
    first = world.put(8_000)  # more than is read ahead
    world.while_sending("P201", lambda: world.put(8_000))
    run = world.upload(first)
    assert run.state is RunState.SUPERSEDED
    assert run.accepted == 200 * len(world.digible.accepted), "what was accepted is counted"


@pytest.mark.parametrize("late", [True, False])
def test_within_a_second_the_later_name_counts_as_newer(world: World, *, late: bool) -> None:
    first, second = world.put(1, "0001/a.json"), world.put(1, "0001/b.json")
    states = {
        version.name: world.upload(version).state
        for version in ((second, first) if late else (first, second))
    }
    assert states[second.name] is RunState.SUCCEEDED
    assert states[first.name] is (RunState.SUPERSEDED if late else RunState.SUCCEEDED)


def test_within_a_second_the_stored_version_counts_as_newer(world: World) -> None:
    first = world.put(1)
    assert world.upload(first).state is RunState.SUCCEEDED
    second = world.put(rows(1, price="2.00"))
    assert second.modified == first.modified
    assert world.upload(second).state is RunState.SUCCEEDED
    world.uploader.retry(RetryRequest(first.name, first.etag))
    assert world.digible.products["P1"].product_price == "2.00"


def test_twenty_versions_in_quick_succession_end_with_the_last_one(world: World) -> None:
    versions = []
    for number in range(20):
        versions.append(world.put(rows(250, price=f"{number}.00")))
        if number % 3 == 0:
            world.uploader.upload(versions[-1].name)
    for version in reversed(versions):
        world.queue.put(RetryRequest(version.name, version.etag), timedelta(0))
    world.all_messages()
    assert world.run(versions[-1]).state is RunState.SUCCEEDED
    assert {product.product_price for product in world.digible.products.values()} == {"19.00"}


@pytest.mark.parametrize("concurrency", [1, 3])
def test_two_catalogues_never_interleave(concurrency: int) -> None:
    world = World(UploadOptions(concurrency=concurrency))
    older = world.put(1_000, "0001/a.json", modified=EARLIER)
    newer = world.put(rows(1_000, first=5_001), "0001/b.json")
    world.while_sending("P1", lambda: world.uploader.upload(newer.name))
    world.upload(older)
    world.all_messages()
    of_newer = [int(str(batch[0])[1:]) > 5_000 for batch in world.digible.accepted]
    assert of_newer == sorted(of_newer)
    assert world.run(newer).state is RunState.SUCCEEDED


def test_an_older_run_stops_even_if_the_newer_runs_worker_died_before_marking_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died after noting its catalogue as the newest, and before marking the older run."""
    older = world.put(1, "0001/a.json", modified=EARLIER)
    newer = world.put(1, "0001/b.json")
    acquire = world.locks.acquire

    def acquire_late(store: StoreName) -> FakeLease | None:
        note = world.locks.newest(store)
        assert note is not None
        assert world.locks.note_newest(store, newer.age, note.version)
        return acquire(store)

    monkeypatch.setattr(world.locks, "acquire", acquire_late)
    assert world.upload(older).state is RunState.SUPERSEDED
    assert world.digible.requests == []


def test_a_run_resumed_after_a_newer_one_is_not_sent(world: World) -> None:
    older = world.put(650, "0001/a.json", modified=EARLIER)
    world.answer(OK, TokenRefused("Expired", 401))
    assert world.upload(older).state is RunState.SESSION_EXPIRED
    world.upload(world.put(1, "0001/b.json"))
    world.resume(older)
    assert world.run(older).state is RunState.SUPERSEDED
    assert len(world.digible.accepted) == 2
