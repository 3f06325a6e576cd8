"""The sweep finds blobs whose event was lost, and runs that nobody works on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from contract.blobs import RunId, StoreName
from contract.run import RunState
from function_app.answers import TokenRefused, Unavailable
from function_app.events import SilentStore
from function_app.options import UploadOptions
from function_app.ports import CatalogVersion, RetryRequest, RunSummary, StoredRun
from function_app.sweeping import is_idle, silence, sweep
from tests.function_app.fakes import NOON
from tests.function_app.world import DOWN, OK, STORE, World, assert_all_accepted, id_of, ids

MINUTE = timedelta(minutes=1)


def swept(world: World) -> list[RetryRequest]:
    """Sweep, and return what was queued, all of it due once the records say so."""
    world.queue.messages.clear()
    swept = sweep(world.ports)
    assert not swept.errors
    assert all(due == world.clock.now() + timedelta(seconds=5) for due, _ in world.queue.messages)
    return [replace(request, due=None) for _, request in world.queue.messages]


def request(version: CatalogVersion) -> RetryRequest:
    return RetryRequest(version.name, version.etag)


def test_a_blob_without_a_run_is_queued_once_its_event_is_overdue(world: World) -> None:
    version = world.put()
    world.clock.advance(5 * MINUTE)
    assert swept(world) == []
    world.clock.advance(MINUTE)
    assert swept(world) == [request(version)]
    run = world.run(version)
    assert (run.state, run.retry_at) == (RunState.WAITING, world.clock.now())
    assert run.message.startswith("The upload service was not told of this catalogue in time.")


def test_nothing_is_queued_twice_while_it_waits(world: World) -> None:
    missed, left = world.put(name="0001/missed.json"), world.put(name="0002/left.json")
    world.upload_and_die(left, 3)
    world.clock.advance(6 * MINUTE)
    assert swept(world) == [request(missed), request(left)]
    for _ in range(8):
        world.clock.advance(5 * MINUTE)
        assert swept(world) == []


def test_a_blob_that_the_sweep_queues_is_delivered(world: World) -> None:
    version = world.put()
    world.clock.advance(6 * MINUTE)
    swept(world)
    world.all_messages()
    assert world.run(version).state is RunState.SUCCEEDED
    assert swept(world) == []


def test_a_new_version_without_a_run_is_found_even_if_the_old_one_has_a_run(world: World) -> None:
    world.upload(world.put())
    version = world.put()
    world.clock.advance(6 * MINUTE)
    assert swept(world) == [request(version)]


def test_a_blob_with_an_unusable_name_is_found_once(world: World) -> None:
    strays = [world.put(name=name) for name in ("0001/notes.txt", "lost.json", "zoo.json")]
    world.clock.advance(6 * MINUTE)
    assert sweep(world.ports).unannounced == len(strays)
    assert {run.state for run in world.records.saves} == {RunState.INVALID_CATALOG}
    assert sweep(world.ports).unannounced == 0


def test_a_missed_resume_request_is_found(world: World) -> None:
    version = world.put()
    world.answer(TokenRefused("Expired", 401))
    world.upload(version)
    resume = world.catalogs.put(f"{STORE}/{id_of(version)}.resume", b"")
    world.clock.advance(6 * MINUTE)
    assert swept(world) == [request(version)]
    assert world.catalogs.current(resume.name) is None
    assert swept(world) == []


@pytest.mark.parametrize("moment", ["reading", "sending"])
def test_a_missed_resume_request_for_a_run_under_way_leaves_its_worker_alone(
    world: World, moment: str
) -> None:
    version = world.put(650)
    resume = world.catalogs.put(f"{STORE}/{id_of(version)}.resume", b"")
    world.clock.advance(6 * MINUTE)
    if moment == "sending":
        world.while_sending("P201", lambda: sweep(world.ports))
    else:
        blocks = world.catalogs.blocks

        def blocks_while_swept(version: CatalogVersion) -> Iterator[bytes]:
            world.catalogs.blocks = blocks  # type: ignore[method-assign]  # once
            sweep(world.ports)
            return blocks(version)

        world.catalogs.blocks = blocks_while_swept  # type: ignore[method-assign]
    run = world.upload(version)
    assert_all_accepted(world, run, [ids(1, 200), ids(201, 400), ids(401, 600), ids(601, 650)])
    assert world.catalogs.current(resume.name) is None


def test_a_missed_resume_request_is_carried_out_while_another_run_has_the_store(
    world: World,
) -> None:
    version = world.put(name="0001/expired.json")
    world.answer(TokenRefused("Expired", 401))
    world.upload(version)
    world.catalogs.put(f"{STORE}/{id_of(version)}.resume", b"")
    other = world.put(name="0001/other.json")
    world.clock.advance(6 * MINUTE)
    found: list[RetryRequest] = []
    world.while_sending("P201", lambda: found.extend(swept(world)))
    world.upload(other)
    assert found == [request(version)]


def test_a_damaged_record_is_left_to_the_sweep_by_a_request_that_cannot_find_its_catalogue(
    world: World,
) -> None:
    version = world.put(name="0001/SHOP.JSON")
    assert world.upload_and_die(version, 8)
    world.queue.messages.clear()
    world.records.damage(STORE, id_of(version))
    world.resume(version)
    world.clock.advance(11 * MINUTE)
    assert swept(world) == [request(version)]
    world.all_messages()
    assert world.run(version).state is RunState.SUCCEEDED


def test_an_idle_run_with_a_missed_resume_request_is_queued_once(world: World) -> None:
    version = world.put(650)
    assert world.upload_and_die(version, 8)
    world.catalogs.put(f"{STORE}/{id_of(version)}.resume", b"")
    world.clock.advance(6 * MINUTE)
    assert swept(world) == [request(version)]


def test_a_file_with_the_name_of_a_resume_request_is_found_once(world: World) -> None:
    world.catalogs.put(f"{STORE}/my.resume", b"no request")
    world.clock.advance(6 * MINUTE)
    assert [sweep(world.ports).unannounced for _ in range(3)] == [1, 0, 0]


def test_what_has_moved_since_the_records_were_listed_is_left_alone(world: World) -> None:
    version = world.put(650)
    assert world.upload_and_die(version, 8)
    world.clock.advance(6 * MINUTE)
    listed = list(world.records.all())
    world.answer(Unavailable("Busy.", 429, retry_after=1_500))
    waiting = world.upload(version)
    world.records.all = lambda: iter(listed)  # type: ignore[method-assign]  # as it was
    assert swept(world) == []
    assert world.run(version) == waiting


def test_a_run_that_waits_for_longer_than_usual_is_left_alone() -> None:
    world = World(UploadOptions(longest_doubt=timedelta(hours=1)))
    first, second = world.put(1, "0001/1.json"), world.put(1, "0001/2.json")
    world.digible.judge = lambda products: Unavailable("Silence.", in_doubt=True)
    world.upload(first)
    held = world.upload(second)
    assert held.error is not None
    assert held.error.kind == "in_doubt"
    world.clock.advance(50 * MINUTE)
    assert request(second) not in swept(world)


def test_a_message_that_is_quicker_than_the_record_is_not_lost(world: World) -> None:
    world.digible.judge = lambda products: DOWN
    version = world.put(1)
    world.upload(version)
    world.clock.advance(46 * MINUTE)
    world.queue.messages.clear()
    world.digible.judge = lambda products: OK
    put = world.queue.put

    def put_and_call(request: RetryRequest, delay: timedelta) -> None:
        world.queue.put = put  # type: ignore[method-assign]  # once
        world.uploader.retry(request)

    world.queue.put = put_and_call  # type: ignore[method-assign]
    sweep(world.ports)
    assert world.run(version).state is RunState.SUCCEEDED


@pytest.mark.parametrize(("minutes", "found"), [(1.9, False), (2.1, True)])
def test_a_run_that_no_worker_sends_any_longer_is_found(
    world: World, minutes: float, *, found: bool
) -> None:
    version = world.put()
    assert world.upload_and_die(version, 3)
    world.clock.advance(minutes * MINUTE)
    assert swept(world) == [request(version)] * found


def test_a_run_whose_store_is_leased_is_left_alone(world: World) -> None:
    """Its worker may wait for an answer of Digible's for longer than that."""
    version = world.put()
    assert world.upload_and_die(version, 3)
    lease = world.locks.acquire(STORE)
    assert lease is not None
    world.clock.advance(10 * MINUTE)
    assert swept(world) == []
    lease.release(None)
    assert swept(world) == [request(version)]


@pytest.mark.parametrize(("minutes", "found"), [(44, False), (46, True)])
def test_a_waiting_run_whose_message_was_lost_is_found(
    world: World, minutes: int, *, found: bool
) -> None:
    world.digible.judge = lambda products: DOWN
    version = world.put()
    assert world.upload(version).state is RunState.WAITING
    world.queue.messages.clear()
    world.clock.advance(minutes * MINUTE)
    assert swept(world) == [request(version)] * found


@pytest.mark.parametrize("another", ["0001/broken.json", "0002/broken.json"])
def test_a_run_is_found_even_if_its_catalogue_is_gone(world: World, another: str) -> None:
    version = world.put()
    world.upload_and_die(version, 3)
    world.catalogs.delete(version.name)
    world.uploader.upload(world.put(["no product"], name=another).name)
    world.clock.advance(11 * MINUTE)
    assert swept(world) == [request(version)]
    world.all_messages()
    assert world.run(version).state is RunState.FAILED


def test_an_idle_run_is_queued_once_whatever_other_blobs_there_are(world: World) -> None:
    version = world.put(name="0001/b.json")
    world.upload_and_die(version, 3)
    for name in ("0001/a.txt", "0001/c.txt", "0001/d.json", "0001/e.txt", "0001/f.json"):
        other = world.put(name=name)
        if name.endswith("json"):
            world.upload(other)
    world.clock.advance(11 * MINUTE)
    assert swept(world).count(request(version)) == 1


def test_a_damaged_record_is_found_and_its_run_starts_over(world: World) -> None:
    version = world.put()
    world.upload(version)
    world.records.damage(STORE, id_of(version))
    world.clock.advance(11 * MINUTE)
    assert swept(world) == [request(version)]
    world.all_messages()
    assert world.run(version).state is RunState.SUCCEEDED


def test_a_run_that_has_ended_is_left_alone_even_if_the_listing_lacks_its_state(
    world: World,
) -> None:
    version = world.put()
    world.upload(version)
    stored = world.records._records[STORE, id_of(version)]
    world.records.damage(STORE, id_of(version), stored.data)
    world.clock.advance(11 * MINUTE)
    assert swept(world) == []


@pytest.mark.parametrize("state", [state.value for state in RunState if state.is_final])
def test_a_run_that_has_ended_is_never_idle(state: str) -> None:
    summary = RunSummary(RunId("shop.1"), state, NOON)
    assert not is_idle(summary, NOON + timedelta(days=300))


def test_what_cannot_be_read_of_one_store_does_not_keep_others_waiting(world: World) -> None:
    versions = [world.put(name=f"000{number}/a.json") for number in range(1, 4)]
    world.clock.advance(6 * MINUTE)
    load = world.records.load

    def failing(store: StoreName, run: RunId) -> StoredRun | None:
        if store == "0002":
            raise OSError("This record can't be read.")
        return load(store, run)

    world.records.load = failing  # type: ignore[method-assign]
    (error,) = sweep(world.ports).errors
    assert error.__notes__ == ["This is about store 0002."]
    assert [each.catalog for _, each in world.queue.messages] == [
        versions[0].name,
        versions[2].name,
    ]


def test_every_store_is_swept(world: World) -> None:
    names = ["0001/a.json", "0001-b/a.json", "00010/a.json", "0002/x/a.json.gz"]
    world.put(name="0001")  # beside its folder, it is listed before that of 0001-b
    versions = [world.put(name=name) for name in names]
    world.clock.advance(6 * MINUTE)
    assert sorted(swept(world), key=str) == sorted(map(request, versions), key=str)


HOUR = timedelta(hours=1)
SUCCESS = RunState.SUCCEEDED.value
FAILURE = RunState.FAILED.value


def summaries(*runs: tuple[str, float]) -> list[RunSummary]:
    """Return runs by their state and how many hours ago they ended."""
    return [
        RunSummary(RunId(f"run.{number}"), state, NOON - hours * HOUR)
        for number, (state, hours) in enumerate(runs)
    ]


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [(SUCCESS, 25.9)],
        [(RunState.COMPLETED_WITH_REJECTIONS.value, 25.9), (FAILURE, 1)],
        [(FAILURE, 25.9)],
        [(SUCCESS, 14 * 24 + 1)],
        [(FAILURE, 14 * 24 + 1), (FAILURE, 14 * 24 + 2)],
    ],
    ids=["none", "today", "failed since", "first try", "closed", "given up"],
)
def test_a_store_that_is_up_to_date_new_or_closed_is_not_silent(
    runs: list[tuple[str, float]],
) -> None:
    assert silence(STORE, summaries(*runs), NOON) is None


@pytest.mark.parametrize(
    ("runs", "last_success"),
    [
        ([(SUCCESS, 26.1)], 26.1),
        ([(SUCCESS, 50), (SUCCESS, 26.1), (FAILURE, 1)], 26.1),
        ([(FAILURE, 26.1), (FAILURE, 2)], None),
        ([(SUCCESS, 13 * 24)], 13 * 24),
        ([(SUCCESS, 20 * 24), (FAILURE, 3)], 20 * 24),
    ],
)
def test_a_store_without_a_success_for_26_hours_is_silent(
    runs: list[tuple[str, float]], last_success: float | None
) -> None:
    ended = None if last_success is None else NOON - last_success * HOUR
    assert silence(STORE, summaries(*runs), NOON) == SilentStore(STORE, ended)


def test_files_in_no_stores_folder_are_no_store() -> None:
    assert silence(StoreName("_unknown"), summaries((FAILURE, 50)), NOON) is None


def test_a_sweep_tells_of_silent_stores(world: World) -> None:
    world.upload(world.put())
    world.clock.advance(27 * HOUR)
    (silent,) = sweep(world.ports).silent
    assert (silent.store, silent.last_success) == (STORE, NOON)
