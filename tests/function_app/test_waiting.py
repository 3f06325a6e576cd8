"""Transient trouble is waited out: seconds in the invocation, minutes in the queue, up to a day."""

from datetime import timedelta

from contract.run import RunError, RunState
from contract.run_record import stamp
from function_app.answers import Unavailable
from function_app.errors import TokenStoreError
from function_app.options import UploadOptions
from function_app.ports import RetryRequest
from tests.function_app.fakes import NOON
from tests.function_app.world import DOWN, OK, World, assert_all_accepted, id_of, ids

TRIES = UploadOptions().policy.attempts


def test_a_short_outage_is_waited_out_within_the_invocation(world: World) -> None:
    world.answer(*[DOWN] * 7)
    run = world.upload(world.put(250))
    assert_all_accepted(world, run, [ids(1, 200), ids(201, 250)])
    assert world.queue.messages == []
    assert run.attempt == 1


def test_a_request_is_tried_a_bounded_number_of_times(world: World) -> None:
    world.digible.judge = lambda products: DOWN
    world.upload(world.put(450))
    assert world.digible.requests == [ids(1, 200)] * TRIES
    assert world.clock.seconds <= UploadOptions().policy.total


def test_a_longer_outage_leaves_the_run_waiting_in_the_queue(world: World) -> None:
    version = world.put(450)
    world.digible.judge = lambda products: DOWN
    run = world.upload(version)
    assert run.state is RunState.WAITING
    assert run.message == f"{DOWN.detail} Trying again in 1 min; nothing is lost."
    assert run.error == RunError("unavailable", DOWN.detail, 1, 503)
    ((due, request),) = world.queue.messages
    assert run.retry_at is not None
    assert request == RetryRequest(version.name, version.etag, due=stamp(run.retry_at))
    assert due == run.retry_at == world.clock.now() + timedelta(minutes=1)
    assert run.not_sent == 450


def test_a_waiting_run_goes_on_where_it_stopped(world: World) -> None:
    version = world.put(450)
    world.digible.judge = lambda products: DOWN
    world.answer(OK)
    run = world.upload(version)
    assert (run.accepted, run.not_sent) == (200, 250)
    world.digible.judge = lambda products: OK
    assert world.all_messages() == 1
    run = world.run(version)
    assert_all_accepted(world, run, [ids(1, 200), ids(201, 400), ids(401, 450)])
    assert (run.attempt, run.retry_at, run.error) == (2, None, None)


def test_the_waits_grow_and_start_over_once_something_is_accepted(world: World) -> None:
    version = world.put(450)
    world.digible.judge = lambda products: DOWN
    world.upload(version)
    for _ in range(3):
        world.next_message()
    assert minutes_to_wait(world) == 8
    world.answer(OK)
    world.next_message()
    assert world.run(version).accepted == 200
    assert minutes_to_wait(world) == 1


def minutes_to_wait(world: World) -> int:
    ((due, _),) = world.queue.messages
    return round((due - world.clock.now()) / timedelta(minutes=1))


def test_an_outage_of_most_of_a_day_costs_only_time(world: World) -> None:
    version = world.put(250)
    end = NOON + timedelta(hours=23)
    world.digible.judge = lambda products: DOWN if world.clock.now() < end else OK
    world.upload(version)
    world.all_messages()
    assert_all_accepted(world, world.run(version), [ids(1, 200), ids(201, 250)])


def test_a_run_fails_after_a_day(world: World) -> None:
    version = world.put(250)
    world.digible.judge = lambda products: DOWN
    world.upload(version)
    world.all_messages()
    run = world.run(version)
    assert run.state is RunState.FAILED
    assert run.message == f"Given up after a day of trying: {DOWN.detail}"
    assert run.finished_at is not None
    assert timedelta(hours=23) < run.finished_at - NOON < timedelta(hours=24, minutes=5)
    assert run.not_sent == 250
    assert world.queue.messages == []


def test_a_run_that_failed_after_a_day_can_be_resumed_for_another_day(world: World) -> None:
    version = world.put(250)
    world.digible.judge = lambda products: DOWN
    world.upload(version)
    world.all_messages()
    world.resume(version)
    assert world.run(version).state is RunState.WAITING
    assert minutes_to_wait(world) == 1


def test_a_short_retry_after_is_waited_for_within_the_invocation(world: World) -> None:
    world.answer(Unavailable("Busy.", 429, retry_after=20))
    world.upload(world.put(1))
    assert 20 <= world.clock.seconds < 21


def test_a_longer_retry_after_is_waited_for_in_the_queue(world: World) -> None:
    world.answer(Unavailable("Busy.", 429, retry_after=600))
    version = world.put(1)
    run = world.upload(version)
    assert (len(world.digible.requests), minutes_to_wait(world)) == (1, 10)
    assert run.message == "Busy. Trying again in 10 min; nothing is lost."
    world.all_messages()
    assert world.run(version).state is RunState.SUCCEEDED


def test_an_early_event_leaves_a_waiting_run_alone(world: World) -> None:
    version = world.put(1)
    world.digible.judge = lambda products: DOWN
    before = world.upload(version)
    requests = len(world.digible.requests)
    world.clock.advance(timedelta(seconds=50))
    assert world.upload(version) == before
    assert len(world.digible.requests) == requests
    assert len(world.queue.messages) == 1


def test_a_message_a_second_early_by_this_workers_clock_is_not_ignored(
    world: World,
) -> None:
    """Two machines' clocks are never quite the same, and no other message would come."""
    version = world.put(1)
    world.answer(*[DOWN] * TRIES)
    world.upload(version)
    world.clock.advance(timedelta(seconds=59))
    assert world.upload(version).state is RunState.SUCCEEDED


def test_a_message_does_nothing_if_its_run_is_waiting_again_by_then(
    world: World,
) -> None:
    """While it was waiting for the lease, another worker had it and has just given up."""
    version = world.put(1)
    world.digible.judge = lambda products: DOWN
    world.upload(version)
    waiting, acquire = world.run(version), world.locks.acquire
    world.clock.advance(timedelta(minutes=1))

    def acquire_late(store: object) -> object:
        world.locks.acquire = acquire  # type: ignore[method-assign]  # the other worker's turn
        world.next_message()
        return acquire(waiting.store)

    world.locks.acquire = acquire_late  # type: ignore[assignment,method-assign]  # once
    world.uploader.retry(RetryRequest(version.name, version.etag))
    assert len(world.digible.requests) == 2 * TRIES
    assert len(world.queue.messages) == 1
    assert minutes_to_wait(world) == 2


def test_messages_never_multiply_during_an_outage_of_a_day(world: World) -> None:
    version = world.put(1)
    world.digible.judge = lambda products: DOWN
    world.upload(version)
    for _ in range(5):  # repeated events, and what the sweep may add
        world.queue.put(RetryRequest(version.name, version.etag), timedelta(seconds=61))
    assert world.all_messages() < 70
    assert world.run(version).state is RunState.FAILED


def test_an_unreachable_token_store_is_waited_for_too(world: World) -> None:
    version, good = world.put(1), world.tokens.stored
    world.tokens.stored = TokenStoreError(
        "The token can't be read from Key Vault (ServiceRequestError)."
    )
    run = world.upload(version)
    assert run.state is RunState.WAITING
    assert run.error is not None
    assert run.error.kind == "token_store"
    assert world.digible.requests == []
    world.tokens.stored = good
    world.all_messages()
    assert world.run(version).state is RunState.SUCCEEDED


def test_a_message_for_an_overwritten_version_ends_its_waiting_run(world: World) -> None:
    old = world.put(1)
    world.digible.judge = lambda products: DOWN
    world.upload(old)
    new = world.put(2)
    world.next_message()
    assert world.run(old).state is RunState.SUPERSEDED
    assert world.records.load(world.run(old).store, id_of(new)) is None
