"""What a run waits for stands in its record and in the log, said by the invocation's own thread."""

import logging
import threading
from collections.abc import Callable, Sequence

import pytest

from contract.product import Product
from contract.run import RunState
from function_app import delivery
from function_app.answers import Answer, Refused, Unavailable
from function_app.options import UploadOptions
from tests.function_app.fakes import NOON
from tests.function_app.world import OK, World, id_of

BUSY = Unavailable("Digible can't take products.", 503, logged="Digible answered HTTP 503: busy")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look after what is waited for every moment, not every second."""
    monkeypatch.setattr(delivery, "_ATTEND_EVERY", 0.01)


def held_until(world: World, seen: Callable[[], bool]) -> Callable[[Sequence[Product]], Answer]:
    """Return a judge that takes ten seconds by the fake clock, and then waits until something is seen."""
    hurry = threading.Event()

    def judge(products: Sequence[Product]) -> Answer:
        world.clock.sleep(10)
        for _ in range(1_000):
            if seen() or hurry.wait(0.01):
                break
        return OK

    return judge


def messages(world: World) -> list[str]:
    return [run.message for run in world.records.saves]


def test_the_record_says_that_digible_has_not_answered_yet_and_since_when(world: World) -> None:
    waiting = "Digible has not answered yet. Waiting for it; nothing is lost."
    world.digible.judge = held_until(world, lambda: waiting in messages(world))
    world.upload(world.put(250))
    first = next(run for run in world.records.saves if run.message == waiting)
    assert (first.state, first.waiting_since) == (RunState.SENDING, NOON)


def test_the_record_says_what_digible_answered_while_it_is_asked_again(world: World) -> None:
    waiting = f"{BUSY.detail} Trying again; nothing is lost."
    world.answer(BUSY)
    world.digible.judge = held_until(world, lambda: waiting in messages(world))
    world.upload(world.put(250))
    assert waiting in messages(world)


def test_once_products_are_accepted_the_record_says_so_again(world: World) -> None:
    waiting = "Digible has not answered yet. Waiting for it; nothing is lost."
    world.digible.judge = held_until(world, lambda: waiting in messages(world))
    version = world.put(450)
    world.upload(version)
    after = messages(world)[messages(world).index(waiting) + 1]
    assert after == "Sending 250 products to Digible."
    assert world.run(version).waiting_since is None


def test_a_short_wait_is_not_worth_a_word_in_the_record(world: World) -> None:
    world.answer(BUSY)
    world.upload(world.put(250))
    assert set(messages(world)) == {
        "Checking the catalogue.",
        "Sending 250 products to Digible.",
        "All 250 products were accepted by Digible.",
    }


def logged(world: World, caplog: pytest.LogCaptureFixture, count: int = 250) -> list[str]:
    """Deliver a catalogue; return its log lines, each with its run and store, from this thread."""
    caplog.set_level(logging.INFO)
    version = world.put(count)
    world.upload(version)
    prefix = f"run {id_of(version)} of store 0001"
    mine = threading.current_thread().name
    assert all(record.threadName == mine for record in caplog.records)
    return [line.removeprefix(prefix) for line in caplog.messages if line.startswith(prefix)]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_each_retry_leaves_a_line_with_its_reason(
    caplog: pytest.LogCaptureFixture, concurrency: int
) -> None:
    world = World(UploadOptions(concurrency=concurrency))
    world.answer(BUSY)
    lines = logged(world, caplog)
    assert ": Digible answered HTTP 503: busy; trying again in 0.4 s" in lines


@pytest.mark.parametrize("isolate", [False, True])
def test_a_refusal_leaves_a_line_with_its_reason(
    caplog: pytest.LogCaptureFixture, *, isolate: bool
) -> None:
    world = World(UploadOptions(isolate=isolate))
    refused = Refused("No: P7", 422, about_products=True, logged="Digible answered HTTP 422: No")
    world.digible.judge = lambda products: refused
    lines = logged(world, caplog, 2)
    assert ": batch 1 of 1: Digible answered HTTP 422: No" in lines
    assert not any("P7" in line for line in lines)


def test_a_wait_leaves_a_line_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.digible.judge = lambda products: BUSY
    lines = logged(world, caplog)
    assert ": batch 1 of 2: Digible answered HTTP 503: busy" in lines
    assert lines[-1].startswith(" is waiting (unavailable, HTTP 503, until ")
