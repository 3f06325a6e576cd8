"""Reading in a thread of its own: nothing is lost, and the caller can stop at any time."""

import threading
from collections.abc import Callable, Generator

import pytest

from agent.interruptible import interruptible, is_left_behind

Numbers = Generator[int, None, None]


def counting(to: int) -> Callable[[], Numbers]:
    def produce() -> Numbers:
        yield from range(to)

    return produce


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001, 25_000])
def test_everything_comes_in_order(count: int) -> None:
    assert list(interruptible(counting(count))) == list(range(count))
    assert not is_left_behind()


def test_what_is_raised_comes_after_what_was_read_before() -> None:
    def produce() -> Numbers:
        yield from range(1_500)
        raise KeyError("gone")

    read: list[int] = []
    with pytest.raises(KeyError, match="gone"):
        read.extend(interruptible(produce))
    assert len(read) >= 1_000


def test_a_caller_that_stops_early_ends_the_thread_and_what_it_reads_from() -> None:
    closed = threading.Event()

    def produce() -> Numbers:
        try:
            yield from range(1_000_000)
        finally:
            closed.set()

    numbers = interruptible(produce)
    assert next(numbers) == 0
    numbers.close()
    assert closed.is_set()
    assert not is_left_behind()


def test_a_thread_that_waits_for_something_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.interruptible._GRACE", 0.05)
    answer = threading.Event()

    def produce() -> Numbers:
        yield from range(1_000)
        answer.wait()

    numbers = interruptible(produce)
    next(numbers)
    numbers.close()
    assert is_left_behind()
    answer.set()
    for thread in threading.enumerate():
        if thread.name == "reading":
            thread.join()
    assert not is_left_behind()


def test_no_more_than_a_few_blocks_are_read_ahead() -> None:
    read: list[int] = []

    def produce() -> Numbers:
        for number in range(100_000):
            read.append(number)
            yield number

    numbers = interruptible(produce)
    next(numbers)
    assert len(read) <= 5_000
    numbers.close()
