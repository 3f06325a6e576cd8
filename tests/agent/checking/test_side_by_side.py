"""Checks run side by side: in order, in time, and none of them keeps the others from being shown."""

import threading
from collections.abc import Callable, Iterator

from agent.checking.row import Mark, Row, Subject, failed, ok
from agent.checking.side_by_side import Chain, side_by_side
from agent.errors import AgentError
from agent.interruptible import is_left_behind

FIRST = (Subject.DRIVER, Subject.SERVER, Subject.LOGIN)
SECOND = (Subject.STORAGE, Subject.CLOCK)


def good(*subjects: Subject) -> Callable[[], Iterator[Row]]:
    return lambda: iter([ok(subject, "good") for subject in subjects])


def marks(rows: Iterator[Row]) -> list[tuple[Subject, Mark]]:
    return [(row.subject, row.mark) for row in rows]


def test_rows_come_in_the_order_of_the_chains_whichever_is_ready_first() -> None:
    second_is_done = threading.Event()

    def slow() -> Iterator[Row]:
        second_is_done.wait()
        yield from good(*FIRST)()

    def quick() -> Iterator[Row]:
        yield from good(*SECOND)()
        second_is_done.set()

    rows = side_by_side([Chain(FIRST, slow), Chain(SECOND, quick)])
    assert [row.subject for row in rows] == [*FIRST, *SECOND]


def test_what_depends_on_a_failure_is_not_checked_and_says_why() -> None:
    def refused() -> Iterator[Row]:
        yield ok(Subject.DRIVER, "good")
        yield failed(Subject.SERVER, AgentError("It is off.", "Switch it on."))

    rows = list(side_by_side([Chain(FIRST, refused), Chain(SECOND, good(*SECOND))]))
    assert rows[2].mark is Mark.NOT_CHECKED
    assert rows[2].finding == "not checked, because the server can't be reached"
    assert [row.mark for row in rows[3:]] == [Mark.OK, Mark.OK]


def test_a_chain_may_leave_out_what_comes_before_its_failure() -> None:
    def later() -> Iterator[Row]:
        yield failed(Subject.SERVER, AgentError("It is off.", "Switch it on."))
        yield ok(Subject.LOGIN, "known from before")

    assert marks(side_by_side([Chain(FIRST, later)])) == [
        (Subject.DRIVER, Mark.NOT_CHECKED),
        (Subject.SERVER, Mark.FAILED),
        (Subject.LOGIN, Mark.OK),
    ]


def test_an_unexpected_error_is_a_row_without_its_words() -> None:
    def broken() -> Iterator[Row]:
        yield ok(Subject.DRIVER, "good")
        raise ValueError("PWD=s3cret")

    rows = list(side_by_side([Chain(FIRST, broken), Chain(SECOND, good(*SECOND))]))
    assert [row.mark for row in rows[:3]] == [Mark.OK, Mark.FAILED, Mark.NOT_CHECKED]
    assert rows[1].finding == "Something unexpected happened (ValueError)."
    assert "shopmaster support" in rows[1].remedy
    assert rows[4].mark is Mark.OK


def test_a_check_that_never_ends_is_given_up_and_left_behind() -> None:
    end = threading.Event()

    def endless() -> Iterator[Row]:
        yield ok(Subject.DRIVER, "good")
        end.wait()

    chains = [Chain(FIRST, endless), Chain(SECOND, good(*SECOND))]
    rows = list(side_by_side(chains, seconds=0.1))
    assert is_left_behind()
    end.set()
    assert [row.mark for row in rows] == [
        *(Mark.OK, Mark.FAILED, Mark.NOT_CHECKED),
        *(Mark.OK, Mark.OK),
    ]
    assert rows[1].finding == "This took longer than 0.1 s, so it was given up."
