"""Following a run until it ends or time is up, in spite of trouble that passes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.errors import StorageError, StorageUnavailableError
from agent.following import Clock, Follower, StoppedFollowing, waiting_sentence
from contract.blobs import RunId, StoreName
from contract.run import Run, RunState
from tests.agent.shops import NOW, FakeProgress, FakeTime, make_run

SENDING = make_run(read=400, accepted=200)
DONE = make_run(RunState.SUCCEEDED, read=400, accepted=400)
AWAY = StorageUnavailableError("The storage account can't be reached.")


class FakeRecords:
    """Returns or raises the given items in turn, then keeps repeating the last one."""

    def __init__(self, *given: Run | StorageError | None) -> None:
        self._given = list(given)
        self.reads = 0

    def read(self, store: StoreName, run: RunId) -> Run | None:
        self.reads += 1
        now = self._given.pop(0) if len(self._given) > 1 else self._given[0]
        if isinstance(now, StorageError):
            raise now
        return now


class Watch:
    """A follower with its own fakes."""

    def __init__(self, *given: Run | StorageError | None) -> None:
        self.records = FakeRecords(*given)
        self.time = FakeTime()
        self.progress = FakeProgress()

    def follow(self, patience: float = 60) -> Run | None:
        follower = Follower(self.records, self.time.clock, self.progress)
        return follower.follow(DONE.store, DONE.run, patience)


@pytest.mark.parametrize("state", [state for state in RunState if state.is_final])
def test_following_ends_with_the_run(state: RunState) -> None:
    watch = Watch(None, SENDING, replace(DONE, state=state))
    assert watch.follow() == replace(DONE, state=state)
    assert watch.records.reads == 3


def test_the_pauses_grow_from_a_quarter_of_a_second_to_two_seconds() -> None:
    watch = Watch(SENDING)
    watch.follow(20)
    slept = watch.time.slept
    assert slept[:10] == [0.25] * 10
    assert slept[:-1] == sorted(slept[:-1])
    watch = Watch(SENDING)
    watch.follow(60)
    assert max(watch.time.slept) == 2


def test_when_time_is_up_the_run_is_returned_as_last_seen() -> None:
    watch = Watch(None, SENDING)
    assert watch.follow(10) == SENDING
    assert watch.time.now == pytest.approx(10)
    assert Watch(None).follow(10) is None


def test_each_outage_is_waited_out_and_mentioned_once() -> None:
    watch = Watch(SENDING, AWAY, AWAY, AWAY, SENDING, AWAY, DONE)
    assert watch.follow() == DONE
    assert len(watch.progress.said) == 2
    assert all("Still trying" in sentence for sentence in watch.progress.said)


def test_what_a_run_waits_for_while_it_is_sent_is_mentioned_once() -> None:
    silent = replace(
        SENDING, message="Digible has not answered yet. Waiting for it.", waiting_since=NOW
    )
    watch = Watch(SENDING, silent, silent, replace(silent, accepted=300), SENDING, DONE)
    watch.follow()
    assert watch.progress.said == [silent.message]


def test_a_refusal_is_not_waited_out() -> None:
    with pytest.raises(StorageError, match="refused"):
        Watch(SENDING, StorageError("refused")).follow()


def test_a_waiting_run_is_reported_with_its_time_and_followed_further() -> None:
    waiting = make_run(
        RunState.WAITING, message="Digible is down.", retry_at=NOW + timedelta(minutes=5)
    )
    later = replace(waiting, retry_at=NOW + timedelta(minutes=9))
    watch = Watch(SENDING, waiting, waiting, later, SENDING, DONE)
    assert watch.follow() == DONE
    hours = [f"{each.retry_at.astimezone():%H:%M}" for each in (waiting, later) if each.retry_at]
    assert watch.progress.said == [f"Digible is down. It goes on at {hour}." for hour in hours]


@pytest.mark.parametrize("year", [1, 9999])
def test_a_time_outside_the_calendar_is_left_out(year: int) -> None:
    waiting = make_run(RunState.WAITING, message="Later.", retry_at=NOW.replace(year=year))
    assert waiting_sentence(waiting).startswith("Later.")


def test_what_is_said_while_following_cannot_control_the_terminal() -> None:
    watch = Watch(
        make_run(RunState.WAITING, message="\x1b[2J\u202eDown\r\n" + "x" * 1_000_000), DONE
    )
    watch.follow()
    (said,) = watch.progress.said
    assert said.isprintable()
    assert said.startswith("Down")
    assert len(said) <= 1_000


def test_progress_counts_settled_products() -> None:
    watch = Watch(SENDING, replace(SENDING, accepted=300, rejected=20), DONE)
    watch.follow()
    assert watch.progress.reached == [(0, None), (200, 400), (320, 400), (400, 400)]


def test_a_resumed_run_is_followed_although_its_record_still_says_that_it_has_ended() -> None:
    ended = make_run(RunState.SESSION_EXPIRED, read=400, accepted=200)
    watch = Watch(ended, ended, SENDING, DONE)
    follower = Follower(watch.records, watch.time.clock, watch.progress)
    assert follower.follow(DONE.store, DONE.run, 60, ended) == DONE
    assert watch.records.reads == 4


def test_a_run_that_ends_again_as_before_has_ended() -> None:
    ended = make_run(RunState.SESSION_EXPIRED, read=400, accepted=200)
    again = replace(ended, updated_at=NOW + timedelta(minutes=1))
    watch = Watch(ended, again)
    follower = Follower(watch.records, watch.time.clock, watch.progress)
    assert follower.follow(DONE.store, DONE.run, 60, ended) == again


def test_whoever_stops_waiting_is_told_how_far_it_was() -> None:
    def stopped(_: float) -> None:
        raise KeyboardInterrupt

    watch = Watch(SENDING)
    clock = Clock(lambda: 0.0, stopped)
    with pytest.raises(StoppedFollowing) as raised:
        Follower(watch.records, clock, watch.progress).follow(DONE.store, DONE.run, 60)
    assert raised.value.run == SENDING


def test_batches_are_shown_once_their_number_is_known() -> None:
    known = replace(SENDING, batches_acknowledged=1, batches_total=2)
    watch = Watch(SENDING, known, known, replace(DONE, batches_acknowledged=2, batches_total=2))
    watch.follow()
    assert watch.progress.details == ["batch 1 of 2", "batch 1 of 2", "batch 2 of 2"]
