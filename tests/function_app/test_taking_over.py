"""Several workers and invocations: a run is handed over, and never has two workers at once."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest

from contract.product import Product
from contract.run import RunState
from function_app.answers import Accepted
from function_app.options import UploadOptions
from function_app.ports import CatalogVersion, RetryRequest
from function_app.reading import is_being_read
from function_app.turns import Turns
from function_app.upload import Uploader
from tests.function_app.fake_storage import FakeLease
from tests.function_app.world import OK, STORE, World, assert_all_accepted, ids

BATCHES = [ids(1, 200), ids(201, 400), ids(401, 600), ids(601, 650)]


def taking(world: World, seconds: float) -> Callable[[Sequence[Product]], Accepted]:
    """Return a judge that accepts each batch after that many seconds."""

    def judge(products: Sequence[Product]) -> Accepted:
        world.clock.sleep(seconds)
        return OK

    return judge


def test_a_run_that_outlasts_its_invocation_is_handed_over_through_the_queue() -> None:
    world = World(UploadOptions(time_limit=100))
    world.digible.judge = taking(world, 60)
    version = world.put(650)
    run = world.upload(version)
    assert (run.state, run.accepted) == (RunState.SENDING, 400)
    ((due, request),) = world.queue.messages
    assert (due, request) == (world.clock.now(), RetryRequest(version.name, version.etag))


def test_a_run_that_was_handed_over_is_sent_to_the_end() -> None:
    world = World(UploadOptions(time_limit=100))
    world.digible.judge = taking(world, 60)
    version = world.put(650)
    world.upload(version)
    assert world.all_messages() == 1
    run = world.run(version)
    assert_all_accepted(world, run, BATCHES)
    assert run.attempt == 2


@pytest.mark.parametrize("limit", [1, 59, 61, 119, 121])
def test_every_invocation_sends_at_least_one_batch(limit: float) -> None:
    world = World(UploadOptions(time_limit=limit))
    world.digible.judge = taking(world, 60)
    version = world.put(650)
    world.upload(version)
    world.all_messages(at_most=6)
    assert_all_accepted(world, world.run(version), BATCHES)


def test_a_repeated_event_sends_nothing_twice(world: World) -> None:
    version = world.put(650)
    before = world.upload(version)
    assert world.upload(version) == before
    assert_all_accepted(world, before, BATCHES)


def test_two_simultaneous_events_send_nothing_twice(world: World) -> None:
    version = world.put(650)
    again = [version.name]

    def judge(products: Sequence[Product]) -> Accepted:
        if again:
            world.uploader.upload(again.pop())
        return OK

    world.digible.judge = judge
    world.upload(version)
    world.all_messages(at_most=2)
    assert_all_accepted(world, world.run(version), BATCHES)


def test_a_repeated_event_before_the_first_record_sends_nothing_twice(world: World) -> None:
    """Both workers find no record; one of them writes it first."""
    version = world.put(650)
    load = world.records.load

    def load_late(store: object, run: object) -> None:
        world.records.load = load  # type: ignore[method-assign]  # once
        world.uploader.upload(version.name)

    world.records.load = load_late  # type: ignore[method-assign]  # like a slower reader
    world.uploader.upload(version.name)
    world.all_messages(at_most=2)
    assert_all_accepted(world, world.run(version), BATCHES)


def test_two_processes_do_not_take_the_reading_of_a_catalogue_from_each_other(
    world: World,
) -> None:
    """The second would begin anew, the first find that out, come back, and begin anew itself."""
    version = world.put(650)
    elsewhere = Uploader(world.ports, world.options, Turns())
    blocks, saves = world.catalogs.blocks, list[int]()

    def blocks_while_read(version: CatalogVersion) -> Iterator[bytes]:
        world.catalogs.blocks = blocks  # type: ignore[method-assign]  # once
        saves.append(len(world.records.saves))
        elsewhere.retry(RetryRequest(version.name, version.etag))
        saves.append(len(world.records.saves))
        return blocks(version)

    world.catalogs.blocks = blocks_while_read  # type: ignore[method-assign]
    run = world.upload(version)
    assert saves == [1, 1]
    assert_all_accepted(world, run, BATCHES)
    world.all_messages(at_most=1)
    assert world.run(version) == run


def test_a_catalogue_whose_reader_has_died_is_read_by_another(world: World) -> None:
    version = world.put(650)
    assert world.upload_and_die(version, 2)
    assert world.upload(version).message == "Checking the catalogue."
    world.clock.advance(timedelta(seconds=40))
    assert_all_accepted(world, world.upload(version), BATCHES)


@pytest.mark.parametrize(
    ("seconds", "lives"), [(-3_600, False), (-39, True), (0, True), (39, True), (41, False)]
)
def test_a_reader_is_alive_if_its_record_has_moved_lately(
    world: World, seconds: float, *, lives: bool
) -> None:
    """Its clock may have been wrong, and put right since."""
    version = world.put(650)
    assert world.upload_and_die(version, 2)
    run = world.run(version)
    assert is_being_read(run, run.updated_at + timedelta(seconds=seconds)) == lives


def test_a_catalogue_whose_reading_failed_is_read_again_at_once(world: World) -> None:
    """Otherwise the host's tries would count as successes, and would never come to an end."""
    version = world.put(650)
    blocks = world.catalogs.blocks

    def failing(version: CatalogVersion) -> Iterator[bytes]:
        raise OSError("storage is away")

    world.catalogs.blocks = failing  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(OSError, match="storage is away"):
            world.uploader.retry(RetryRequest(version.name, version.etag))
    assert "is checked again" in world.run(version).message
    world.catalogs.blocks = blocks  # type: ignore[method-assign]
    assert_all_accepted(world, world.upload(version), BATCHES)


def test_a_catalogue_that_every_reader_dies_of_is_given_up(world: World) -> None:
    version = world.put(650)
    deaths = 0
    while world.upload_and_die(version, 2):
        deaths += 1
        world.queue.messages[:-1] = []  # its own message is the last one, and finds the same
        world.clock.advance(timedelta(minutes=2))
    run = world.run(version)
    assert (run.state, run.error and run.error.kind) == (RunState.FAILED, "abandoned")
    assert deaths == 11
    world.all_messages(at_most=1)
    assert world.digible.requests == []


def test_a_run_waits_in_the_queue_while_its_store_is_busy(world: World) -> None:
    other = world.locks.acquire(STORE)
    assert other is not None
    version = world.put(650)
    world.upload(version)
    for _ in range(10):
        world.next_message()
        assert len(world.queue.messages) == 1
    assert world.digible.requests == []
    other.release(None)
    world.all_messages(at_most=1)
    assert_all_accepted(world, world.run(version), BATCHES)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_worker_that_has_lost_its_lease_sends_nothing_more(concurrency: int) -> None:
    world = World(UploadOptions(concurrency=concurrency))

    def judge(products: Sequence[Product]) -> Accepted:
        world.locks.leases.clear()
        return OK

    world.digible.judge = judge
    version = world.put(1_250)
    world.uploader.upload(version.name)
    assert len(world.digible.requests) <= concurrency + 1
    world.digible.judge = lambda products: OK
    assert world.all_messages() == 1
    run = world.run(version)
    assert (run.state, run.accepted) == (RunState.SUCCEEDED, 1_250)
    assert len(world.digible.accepted) - 7 <= concurrency


def test_a_worker_stops_if_another_one_has_taken_over_its_run(world: World) -> None:
    version = world.put(650)
    taken: list[FakeLease] = []

    def judge(products: Sequence[Product]) -> Accepted:
        if not taken:
            taken.append(world.locks.leases.pop(STORE))  # it seemed dead, but is only slow
            world.uploader.upload(version.name)
        return OK

    world.digible.judge = judge
    run = world.upload(version)
    assert (run.state, run.accepted) == (RunState.SUCCEEDED, 650)
    assert world.digible.accepted == [*BATCHES, BATCHES[0]]
    world.all_messages(at_most=1)
    assert world.run(version) == run


def test_a_worker_that_stops_for_another_queues_the_run_again(world: World) -> None:
    """If the other worker dies, nothing else may bring the run back."""
    version = world.put(650)
    died: list[FakeLease] = []

    def judge(products: Sequence[Product]) -> Accepted:
        if not died:
            died.append(world.locks.leases.pop(STORE))
            assert world.upload_and_die(version, 5)
            world.locks.leases.clear()
        return OK

    world.digible.judge = judge
    world.upload(version)
    assert world.run(version).state is RunState.SENDING
    world.all_messages(at_most=2)
    assert world.run(version).state is RunState.SUCCEEDED
    assert len(world.digible.products) == 650
