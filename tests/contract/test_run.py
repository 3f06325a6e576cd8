"""The states of a run, and which may follow which."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from contract.run import TRANSITIONS, By, RunState
from tests.runs import sending_run

RUN = sending_run(datetime(2026, 11, 25, tzinfo=UTC))
UNFINISHED = {RunState.SENDING, RunState.WAITING}


def test_the_states_are_as_specified() -> None:
    assert {state.value for state in RunState} == {
        *("sending", "waiting", "succeeded", "completed_with_rejections", "failed"),
        *("session_expired", "invalid_catalog", "superseded"),
    }
    assert {s.value for s in RunState if not s.is_final} == {"sending", "waiting"}
    assert {s.value for s in RunState if s.is_resumable} == {"session_expired", "failed"}


def test_the_table_says_what_may_follow_every_state() -> None:
    assert TRANSITIONS.keys() == set(RunState)


def test_every_state_can_be_reached_from_the_first_one() -> None:
    reached = {RunState.SENDING}
    while more := {each for state in reached for each in TRANSITIONS[state]} - reached:
        reached |= more
    assert reached == set(RunState)


def test_every_unfinished_run_can_fail_expire_or_be_superseded() -> None:
    for state in UNFINISHED:
        assert {RunState.FAILED, RunState.SESSION_EXPIRED, RunState.SUPERSEDED} <= set(
            TRANSITIONS[state]
        )


def test_only_a_person_moves_a_run_out_of_a_final_state() -> None:
    for state in set(RunState) - UNFINISHED:
        others = {by for following, by in TRANSITIONS[state].items() if following is not state}
        assert others <= {By.PERSON}


def test_an_older_catalogue_never_comes_back() -> None:
    assert set(TRANSITIONS[RunState.SUPERSEDED]) == {RunState.SUPERSEDED}


@pytest.mark.parametrize(("state", "following"), list(itertools.product(RunState, RunState)))
def test_a_run_moves_only_as_the_table_says(state: RunState, following: RunState) -> None:
    run = replace(RUN, state=state)
    if following in TRANSITIONS[state]:
        assert run.moved_to(following) == replace(RUN, state=following)
    else:
        with pytest.raises(ValueError, match=f"{state} can't become {following}"):
            run.moved_to(following)
