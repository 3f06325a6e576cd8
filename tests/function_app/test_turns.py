"""No store's pile of catalogues keeps other stores waiting."""

from contextlib import suppress
from datetime import timedelta
from random import Random

from contract.blobs import StoreName
from contract.run import RunState
from function_app.ports import CatalogVersion, RetryRequest
from function_app.turns import Turns
from tests.function_app.fakes import FakeClock, Killed
from tests.function_app.world import STORE, World, rows

OTHER = StoreName("0002")
SECOND = timedelta(seconds=1)


def pile(world: World, count: int) -> list[CatalogVersion]:
    """Upload that many tiny catalogues of one store, each newer than the one before."""
    return [
        world.put(
            rows(1, price=f"{number}.00"),
            f"0001/{number:05}.json",
            modified=world.clock.now() + number * timedelta(milliseconds=1),
        )
        for number in range(count)
    ]


def read_slowly(world: World) -> None:
    """Let reading a catalogue take longer than there is time for it."""
    blocks = world.catalogs.blocks

    def slow(version: CatalogVersion) -> object:
        world.clock.sleep(481)
        return blocks(version)

    world.catalogs.blocks = slow  # type: ignore[assignment,method-assign]


def test_few_of_a_pile_are_read_and_the_newest_is_delivered(world: World) -> None:
    world.clock.random = Random(1).random
    versions = pile(world, 1_500)
    for version in versions:
        world.uploader.upload(version.name)
    world.all_messages(at_most=5_000)
    runs = [world.run(version) for version in versions]
    assert runs[-1].state is RunState.SUCCEEDED
    assert {run.state for run in runs} == {RunState.SUCCEEDED, RunState.SUPERSEDED}
    assert sum(run.read > 0 for run in runs) < 40
    assert [product.product_price for product in world.digible.products.values()] == ["1499.00"]


def test_an_event_without_a_turn_costs_one_message_and_nothing_else(world: World) -> None:
    versions = pile(world, 100)
    for version in versions[:5]:
        world.upload(version)
    world.steps.names.clear()
    for version in versions[5:]:
        world.uploader.upload(version.name)
    assert set(world.steps.names) == {"before a message is queued", "after a message was queued"}
    assert [request for _, request in world.queue.messages[-95:]] == [
        RetryRequest(version.name, None) for version in versions[5:]
    ]


def test_another_store_is_delivered_at_once(world: World) -> None:
    for version in pile(world, 100):
        world.uploader.upload(version.name)
    world.uploader.upload(world.put(400, "0002/shop.json").name)
    assert len(world.digible.accepted[-1]) == 200


def test_a_pile_comes_back_at_random_about_ten_a_second(world: World) -> None:
    world.clock.random = Random(1).random
    for version in pile(world, 1_000):
        world.uploader.upload(version.name)
    waits = [due - world.clock.now() for due, _ in world.queue.messages]
    assert min(waits) >= SECOND
    assert 60 * SECOND < max(waits) < 250 * SECOND
    assert waits != sorted(waits)


def test_a_few_uploads_in_a_row_wait_for_nothing() -> None:
    turns, clock = Turns(), FakeClock()
    for _ in range(5):
        with turns.take(STORE, clock.ports()) as wait:
            assert wait is None
    assert turns.wait(STORE, clock.ports()) is not None
    clock.sleep(1)
    assert turns.wait(STORE, clock.ports()) is None


def test_a_store_reads_one_catalogue_at_a_time() -> None:
    turns, clock = Turns(), FakeClock().ports()
    with turns.take(STORE, clock) as first, turns.take(STORE, clock) as second:
        assert first is None
        assert second is not None
        assert turns.wait(OTHER, clock) is None
    assert turns.wait(STORE, clock) is None


def test_a_turn_is_given_back_by_a_worker_that_fails() -> None:
    turns, clock = Turns(), FakeClock().ports()
    with suppress(Killed), turns.take(STORE, clock):
        raise Killed
    assert turns.wait(STORE, clock) is None


def test_those_that_are_back_do_not_lengthen_the_wait() -> None:
    turns, clock = Turns(), FakeClock().ports()
    with turns.take(STORE, clock):
        waits = [turns.wait(STORE, clock) for _ in range(100)]
        for _ in range(200):
            turns.come_back(STORE)
        assert turns.wait(STORE, clock) == waits[0]
        assert waits[0] != waits[-1]


def test_those_that_came_back_elsewhere_lengthen_no_wait_once_the_pile_is_gone() -> None:
    """In Azure, the function that takes messages runs on instances of its own."""
    turns, clock = Turns(), FakeClock()
    first: list[timedelta | None] = []
    for _ in range(30):
        with turns.take(STORE, clock.ports()):
            first.append(turns.wait(STORE, clock.ports()))
            for _ in range(50):
                turns.wait(STORE, clock.ports())
        clock.advance(timedelta(days=1))
    assert len(set(first)) == 1


def test_a_pile_waits_ever_longer_while_one_of_it_is_read_for_long() -> None:
    turns, clock = Turns(), FakeClock()
    with turns.take(STORE, clock.ports()):
        clock.advance(timedelta(minutes=1))
        waits = [turns.wait(STORE, clock.ports()) for _ in range(500)]
    assert max(wait for wait in waits if wait) > 50 * SECOND


def test_no_catalogue_waits_so_long_that_the_sweep_would_look_for_it() -> None:
    turns, clock = Turns(), FakeClock()
    clock.random = lambda: 1.0
    with turns.take(STORE, clock.ports()):
        waits = [turns.wait(STORE, clock.ports()) for _ in range(5_000)]
    assert max(wait for wait in waits if wait) < timedelta(minutes=5)


def test_a_message_whose_every_invocation_failed_is_that_of_the_version_there_is(
    world: World,
) -> None:
    version = world.put(1)
    world.uploader.abandon(RetryRequest(version.name, None, acknowledged=0))
    assert world.run(version).state is RunState.FAILED
    world.uploader.abandon(RetryRequest("0001/gone.json", None, acknowledged=0))


def test_reading_a_catalogue_has_a_time_limit(world: World) -> None:
    version = world.put(3)
    read_slowly(world)
    run = world.upload(version)
    assert (run.state, run.error and run.error.kind) == (RunState.WAITING, "slow")
    assert "Reading through the catalogue took longer" in run.message
    del world.catalogs.blocks
    world.all_messages()
    assert world.run(version).state is RunState.SUCCEEDED


def test_a_catalogue_that_is_always_slow_fails_after_a_day(world: World) -> None:
    version = world.put(3)
    read_slowly(world)
    world.upload(version)
    world.all_messages()
    run = world.run(version)
    assert (run.state, run.error and run.error.kind) == (RunState.FAILED, "slow")
    assert world.digible.requests == []
