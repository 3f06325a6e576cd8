"""After a POST whose outcome is not known, a store is held until it can't be carried out any more."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from contract.product import Product
from contract.run import RunState
from function_app.answers import Answer, Unavailable
from function_app.options import UploadOptions
from function_app.ports import CatalogVersion
from tests.function_app.fakes import NOON
from tests.function_app.world import DOWN, OK, STORE, World, ids, rows

TIMED_OUT = Unavailable("Digible did not answer within 30 seconds.", in_doubt=True)
NOT_SENT = Unavailable("Digible can't be reached.")
EARLIER = NOON - timedelta(minutes=10)


def older(world: World, count: int = 650) -> CatalogVersion:
    return world.put(count, "0001/a.json", modified=EARLIER)


def newer(world: World, count: int = 650) -> CatalogVersion:
    return world.put(rows(count, price="2.00"), "0001/b.json")


def prices(world: World) -> set[str]:
    return {product.product_price for product in world.digible.products.values()}


def carrying_out_late(world: World, first_id: str, seconds: float) -> None:
    """Have Digible time out on the first POST that begins with an id, and carry it out that much later."""
    late: list[tuple[float, Sequence[Product]]] = []
    pending = [first_id]

    def judge(products: Sequence[Product]) -> Answer:
        for moment, sent in [each for each in late if each[0] <= world.clock.seconds]:
            late.remove((moment, sent))
            world.digible.products.update({each.product_id: each for each in sent})
        if pending and products[0].product_id == pending[0]:
            pending.clear()
            late.append((world.clock.seconds + seconds, list(products)))
            return TIMED_OUT
        return OK

    world.digible.judge = judge


@pytest.mark.parametrize("seconds", [1, 20, 59])
def test_a_post_carried_out_late_does_not_come_after_a_newer_catalogue(
    world: World, seconds: float
) -> None:
    carrying_out_late(world, "P201", seconds)
    assert world.upload(older(world)).state is RunState.SUCCEEDED
    version = newer(world)
    run = world.upload(version)
    assert run.state is RunState.WAITING
    assert run.error is not None
    assert run.error.kind == "in_doubt"
    assert run.message.startswith(
        "Something of an earlier upload of this shop may still be on its way"
    )
    world.all_messages()
    assert world.run(version).state is RunState.SUCCEEDED
    assert prices(world) == {"2.00"}


def test_the_same_run_goes_on_at_once(world: World) -> None:
    """It sends the same products again anyway."""
    world.answer(OK, *[TIMED_OUT] * 8)
    version = older(world)
    assert world.upload(version).state is RunState.WAITING
    world.all_messages(at_most=1)
    assert world.run(version).state is RunState.SUCCEEDED


def test_a_store_is_held_no_longer_than_necessary(world: World) -> None:
    world.answer(TIMED_OUT)
    world.upload(older(world))
    version = newer(world)
    begun = world.clock.now()
    world.upload(version)
    world.all_messages(at_most=1)
    assert world.run(version).state is RunState.SUCCEEDED
    assert world.clock.now() - begun <= timedelta(seconds=60)
    last = world.put(rows(650, price="3.00"), "0001/c.json")
    assert world.upload(last).state is RunState.SUCCEEDED


@pytest.mark.parametrize("answer", [DOWN, NOT_SENT])
def test_an_answer_and_a_request_that_was_not_sent_leave_nothing_in_doubt(
    world: World, answer: Answer
) -> None:
    world.answer(answer)
    world.upload(older(world))
    assert world.upload(newer(world)).state is RunState.SUCCEEDED


def test_the_doubt_is_kept_over_a_run_superseded_and_one_that_waits(world: World) -> None:
    first, second = older(world), newer(world)
    third = world.put(rows(650, price="3.00"), "0001/c.json", modified=NOON + timedelta(seconds=9))
    world.answer(OK, *[TIMED_OUT] * 8)
    assert world.upload(first).state is RunState.WAITING
    assert world.upload(second).state is RunState.WAITING
    assert world.upload(third).state is RunState.WAITING
    assert len(world.digible.accepted) == 1
    world.all_messages()
    assert world.run(third).state is RunState.SUCCEEDED
    assert prices(world) == {"3.00"}


def die_while_sending(world: World, version: CatalogVersion) -> None:
    """Have a worker die after Digible has taken the batch that begins with P201."""
    world.while_sending("P201", lambda: setattr(world.steps, "last", len(world.steps.names)))
    assert world.upload_and_die(version, 10**9)
    assert world.digible.accepted == [ids(1, 200), ids(201, 400)]


def test_a_worker_that_died_while_it_sent_leaves_its_post_in_doubt(world: World) -> None:
    version = older(world)
    die_while_sending(world, version)
    later = newer(world)
    run = world.upload(later)
    assert run.state is RunState.WAITING
    assert run.error is not None
    assert run.error.kind == "in_doubt"
    world.all_messages()
    assert world.run(later).state is RunState.SUCCEEDED
    assert prices(world) == {"2.00"}


def test_after_its_workers_death_the_same_run_goes_on_at_once(world: World) -> None:
    version = older(world)
    die_while_sending(world, version)
    assert world.upload(version).state is RunState.SUCCEEDED


def test_after_its_workers_death_a_runs_post_stays_in_doubt_although_it_went_on(
    world: World,
) -> None:
    version = older(world)
    die_while_sending(world, version)
    assert world.upload(version).state is RunState.SUCCEEDED
    assert world.upload(newer(world)).state is RunState.WAITING


def test_a_catalogue_overwritten_while_it_is_sent_leaves_nothing_in_doubt(world: World) -> None:
    world.while_sending("P201", lambda: world.put(rows(2_000, price="2.00")))
    world.upload(world.put(2_000))
    assert world.upload(world.put(rows(2_000, price="3.00"))).state is RunState.SUCCEEDED


def test_the_time_is_a_setting() -> None:
    world = World(UploadOptions(longest_doubt=timedelta(0)))
    world.answer(TIMED_OUT)
    world.upload(older(world))
    assert world.upload(newer(world)).state is RunState.SUCCEEDED


def test_a_run_waits_while_another_worker_keeps_its_store_and_its_record_says_so(
    world: World,
) -> None:
    lease = world.locks.acquire(STORE)
    assert lease is not None
    version = newer(world)
    assert world.upload(version).state is RunState.SENDING
    for _ in range(4):
        world.next_message()
    run = world.run(version)
    assert run.state is RunState.WAITING
    assert run.error is not None
    assert run.error.kind == "store_busy"
    assert run.message == (
        "Another upload of this shop is being delivered, and this one comes after it. "
        "Trying again in 20 s; nothing is lost."
    )
    lease.release(None)
    world.all_messages()
    assert world.run(version).state is RunState.SUCCEEDED


def test_a_run_fails_after_a_day_in_which_somebody_kept_its_store(world: World) -> None:
    version = newer(world)
    assert world.locks.acquire(STORE) is not None
    world.upload(version)
    world.all_messages(at_most=10_000)
    run = world.run(version)
    assert (run.state, run.error and run.error.kind) == (RunState.FAILED, "store_busy")
    assert run.message.startswith("Given up after a day of trying: Another upload of this shop")


def test_however_many_messages_a_waiting_run_has_they_become_one(world: World) -> None:
    lease = world.locks.acquire(STORE)
    assert lease is not None
    version = newer(world)
    for _ in range(20):
        world.uploader.upload(version.name)
    for _ in range(200):
        world.next_message()
    assert world.run(version).state is RunState.WAITING
    assert len(world.queue.messages) == 1
    lease.release(None)
    world.all_messages()
    assert world.run(version).state is RunState.SUCCEEDED


@pytest.mark.parametrize("seconds", [1, 6, 20, 300])
def test_a_second_event_leaves_a_run_alone_however_long_its_worker_waits_for_digible(
    world: World, seconds: int
) -> None:
    version = world.put(650)

    def second_event() -> None:
        world.clock.advance(timedelta(seconds=seconds))
        before = world.run(version)
        world.uploader.upload(version.name)
        assert world.run(version) == before

    world.while_sending("P201", second_event)
    run = world.upload(version)
    assert (run.state, len(world.digible.requests)) == (RunState.SUCCEEDED, 4)
    assert world.all_messages() == 1


@pytest.mark.parametrize("early", [2.5, 10, 45, 59])
def test_a_message_that_comes_early_is_put_back_for_the_time_left(
    world: World, early: float
) -> None:
    world.answer(*[DOWN] * 8)
    version = world.put(1)
    assert world.upload(version).state is RunState.WAITING
    ((due, request),) = world.queue.messages
    world.queue.messages.clear()
    world.clock.advance(due - world.clock.now() - timedelta(seconds=early))
    world.uploader.retry(request)
    assert world.queue.messages == [(due, request)]
    world.all_messages(at_most=1)
    assert world.run(version).state is RunState.SUCCEEDED
