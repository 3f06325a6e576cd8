"""Delivery at least once: a worker that dies at any moment repeats at most one batch."""

from collections.abc import Sequence

import pytest

from contract.run import Run, RunState
from function_app.options import UploadOptions
from function_app.ports import CatalogVersion
from tests.function_app.world import DOWN, World, ids

BATCHES: list[Sequence[str | int]] = [ids(1, 200), ids(201, 400), ids(401, 600), ids(601, 650)]
STEPS_OF_A_RUN = 2 * (2 * 4 + 4)
"""A POST and a save for each batch, and saves when the run begins, is examined, starts and ends.

Each of them counts twice: before and after it.
"""


def test_every_moment_at_which_a_worker_may_die_is_tried(world: World) -> None:
    world.upload(world.put(650))
    assert len(world.steps.names) == STEPS_OF_A_RUN


@pytest.mark.parametrize("step", range(STEPS_OF_A_RUN))
def test_a_worker_that_dies_once_repeats_at_most_one_batch(world: World, step: int) -> None:
    version = world.put(650)
    assert world.upload_and_die(version, step)
    run = called_again(world, version)
    assert (run.state, run.accepted) == (RunState.SUCCEEDED, 650)
    assert len(repeats(world)) <= 1
    assert world.digible.accepted == sorted(world.digible.accepted, key=BATCHES.index)
    assert len(world.digible.products) == 650


@pytest.mark.parametrize("step", range(STEPS_OF_A_RUN))
def test_a_run_goes_on_within_three_minutes_of_its_workers_death(world: World, step: int) -> None:
    """Its own message takes it up: the host's comes back only after ten minutes."""
    version = world.put(650)
    assert world.upload_and_die(version, step)
    died_at = world.clock.seconds
    world.all_messages(at_most=2)
    run = world.run(version)
    assert (run.state, run.accepted) == (RunState.SUCCEEDED, 650)
    assert world.clock.seconds - died_at < 180
    assert len(repeats(world)) <= 1


def called_again(world: World, version: CatalogVersion) -> Run:
    """Call at once, as the host does when a worker dies: a run that was being read comes back later."""
    world.upload(version)
    world.all_messages()
    return world.run(version)


def repeats(world: World) -> list[list[str | int]]:
    accepted = world.digible.accepted
    return [batch for place, batch in enumerate(accepted) if batch in accepted[:place]]


def test_only_a_batch_whose_record_was_not_saved_is_sent_twice(world: World) -> None:
    for step in range(STEPS_OF_A_RUN):
        trial = World()
        version = trial.put(650)
        assert trial.upload_and_die(version, step)
        died = trial.steps.names[-1]
        called_again(trial, version)
        lost = [name for name in trial.steps.names[: step + 1] if name.startswith("after P")]
        saved = [
            name
            for name in trial.steps.names[: step + 1]
            if name.startswith("after sending was saved") and not name.endswith("with 0 accepted")
        ]
        assert len(repeats(trial)) == len(lost) - len(saved), died


@pytest.mark.parametrize("concurrency", [2, 3])
@pytest.mark.parametrize("step", range(STEPS_OF_A_RUN))
def test_with_n_batches_under_way_at_most_n_are_sent_twice(step: int, concurrency: int) -> None:
    world = World(UploadOptions(concurrency=concurrency))
    version = world.put(650)
    assert world.upload_and_die(version, step)
    run = called_again(world, version)
    assert (run.state, run.accepted) == (RunState.SUCCEEDED, 650)
    assert len(world.digible.accepted) - len(BATCHES) <= concurrency
    assert len(world.digible.products) == 650


def test_a_run_whose_workers_keep_dying_gets_to_its_end(world: World) -> None:
    version, deaths = world.put(650), 0
    while world.upload_and_die(version, 8):  # each gets one batch further
        deaths += 1
        assert deaths < 10
    assert world.run(version).state is RunState.SUCCEEDED
    assert len(world.digible.accepted) - len(BATCHES) <= deaths


@pytest.mark.parametrize("step", range(40))
def test_a_run_whose_worker_dies_in_an_outage_comes_back(world: World, step: int) -> None:
    version = world.put(650)
    world.answer(*[DOWN] * 8)
    if world.upload_and_die(version, step):
        world.uploader.upload(version.name)  # the host retries its event
    world.all_messages()
    run = world.run(version)
    assert (run.state, run.accepted) == (RunState.SUCCEEDED, 650)
    assert len(world.digible.accepted) - len(BATCHES) <= 1


def test_each_return_counts_as_an_attempt(world: World) -> None:
    version = world.put(650)
    for step in (8, 8):
        assert world.upload_and_die(version, step)
    assert world.upload(version).attempt == 3
