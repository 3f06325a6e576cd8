"""`status --follow` right after an upload, while the cloud has no record of the new run yet."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from contract.blobs import RunId
from contract.run import RunState
from tests.agent.command_line.scene import Shop, ends_as
from tests.agent.command_line.status.runs import NEWER, OLDER, Save
from tests.agent.function_stand_in import function_that_answers
from tests.agent.shops import NOW


def uploaded(shop: Shop) -> RunId:
    """Upload without waiting; return the run, of which the cloud has written nothing yet."""
    _, out, _ = shop.run("--no-wait")
    run = re.search(r"Run: (\S+)", out)
    assert run is not None
    return RunId(run[1])


def abbreviated(run: RunId) -> str:
    return run.rpartition(".")[0]


@pytest.mark.parametrize("asked", [None, str, abbreviated], ids=["latest", "whole", "beginning"])
def test_follow_right_after_an_upload_waits_for_its_run_and_not_the_one_before(
    online: Shop, storage: str, save: Save, asked: Callable[[RunId], str] | None
) -> None:
    save(OLDER, RunState.SUCCEEDED)
    run = uploaded(online)
    named = [] if asked is None else [asked(run)]
    code, error = online.error(*named, "--follow", "--timeout", "0.2s", command="status")
    assert code == 5
    assert "It has not begun yet" in error
    with function_that_answers(storage, online.store, ends_as(RunState.SESSION_EXPIRED)):
        code, out, _ = online.run(*named, "--follow", command="status")
    assert code == 3
    assert out.startswith(f"Run {run} of the store")


def test_the_command_that_an_upload_without_waiting_prints_follows_its_run(
    online: Shop, storage: str, save: Save
) -> None:
    _, out, _ = online.run("--no-wait")
    _, *arguments = out.rpartition("shopmaster ")[2].split()
    with function_that_answers(storage, online.store, ends_as(RunState.SUCCEEDED)):
        code, out, err = online.run(*arguments, command="status")
    assert (code, err.count("Error")) == (0, 0)


def test_a_run_of_another_computer_is_followed_once_the_upload_from_here_has_a_record(
    online: Shop, save: Save
) -> None:
    save(uploaded(online), RunState.SUCCEEDED, started_at=NOW - timedelta(days=1))
    save(NEWER, RunState.COMPLETED_WITH_REJECTIONS)
    assert online.run("--follow", command="status")[0] == 4


def test_only_follow_waits_for_a_run_that_has_not_begun(online: Shop, save: Save) -> None:
    save(OLDER, RunState.SUCCEEDED)
    run = uploaded(online)
    assert online.run(command="status")[0] == 0
    code, error = online.error(run, command="status")
    assert (code, "has no run" in error) == (2, True)


@pytest.mark.parametrize("wanted", ["", "2025", "../0002/x"])
def test_follow_of_what_is_no_run_is_refused_after_an_upload_too(
    online: Shop, save: Save, wanted: str
) -> None:
    uploaded(online)
    assert online.error(wanted, "--follow", command="status")[0] == 2
