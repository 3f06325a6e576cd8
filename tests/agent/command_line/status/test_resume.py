"""`resume RUN`: a run is taken up again, if that can help."""

from dataclasses import replace

import pytest
from azure.storage.blob import BlobServiceClient

from agent.command_line.resume import why_not
from agent.lock import Lock
from agent.state import last_run
from contract.blobs import CATALOGS, RunId, resume_name
from contract.run import Run, RunState
from tests.agent.command_line.scene import Shop, ends_as
from tests.agent.command_line.status.runs import NEWER, Save
from tests.agent.function_stand_in import function_that_answers
from tests.agent.shops import make_run, products


def asked_to_resume(storage: str, shop: Shop, run: RunId) -> bool:
    with BlobServiceClient.from_connection_string(storage) as service:
        return service.get_blob_client(CATALOGS, resume_name(shop.store, run)).exists()


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.SESSION_EXPIRED])
def test_a_run_is_resumed_and_followed_to_its_end(
    online: Shop, storage: str, save: Save, state: RunState
) -> None:
    ended = save(NEWER, state, read=10, accepted=4)
    done = {"message": "All accepted.", "read": 10, "accepted": 10}

    def answer(_: Run) -> list[Run | bytes]:
        going = replace(ended, state=RunState.SENDING, attempt=2)
        return [going, replace(going, state=RunState.SUCCEEDED, **done)]  # type: ignore[arg-type]

    with function_that_answers(storage, online.store, answer):
        code, out, _ = online.run("5e6f", command="resume")
    assert code == 0
    assert out.splitlines()[0] == "All accepted."
    assert asked_to_resume(storage, online, NEWER)
    note = last_run(online.notes)
    assert note is not None
    assert (note.run, note.state, note.exit_code) == (NEWER, RunState.SUCCEEDED, 0)


def test_a_resumed_run_that_succeeds_is_what_the_next_upload_is_compared_with(
    online: Shop, storage: str
) -> None:
    online.sell(*products(5))
    with function_that_answers(storage, online.store, ends_as(RunState.SESSION_EXPIRED)):
        assert online.run()[0] == 3
    assert not (online.notes / "delivered.json.gz").exists()
    (pending,) = (online.notes / "pending").iterdir()
    with function_that_answers(storage, online.store, ends_as(RunState.SUCCEEDED)):
        online.run(pending.name.removesuffix(".json.gz"), command="resume")
    assert (online.notes / "delivered.json.gz").exists()


def test_no_wait_only_asks(online: Shop, storage: str, save: Save) -> None:
    save(NEWER, RunState.FAILED)
    code, out, _ = online.run(NEWER, "--no-wait", command="resume")
    assert code == 0
    assert asked_to_resume(storage, online, NEWER)
    assert "shopmaster status 20261123T020000Z-5e6f7a8b --follow\n" in out
    refused = (NEWER, "--no-wait", "--rejections", "x.csv")
    assert online.error(*refused, command="resume")[0] == 2


@pytest.mark.parametrize("state", [state for state in RunState if not state.is_resumable])
def test_a_run_that_cannot_be_resumed_is_refused_with_the_reason(
    online: Shop, storage: str, save: Save, state: RunState
) -> None:
    save(NEWER, state)
    code, error = online.error(NEWER, command="resume")
    assert code == 1
    assert f"The run {NEWER} can't be resumed:" in error
    assert not asked_to_resume(storage, online, NEWER)
    assert last_run(online.notes) is None


@pytest.mark.parametrize("state", RunState)
def test_exactly_the_runs_that_a_person_may_resume_are_taken(state: RunState) -> None:
    assert (why_not(make_run(state)) is None) is state.is_resumable


def test_nothing_is_resumed_while_an_upload_runs(online: Shop, storage: str, save: Save) -> None:
    save(NEWER, RunState.FAILED)
    with Lock(online.notes):
        code, error = online.error(NEWER, command="resume")
    assert code == 1
    assert "Another upload" in error
    assert not asked_to_resume(storage, online, NEWER)


def test_a_run_that_nobody_takes_up_ends_without_an_outcome(online: Shop, save: Save) -> None:
    save(NEWER, RunState.FAILED)
    code, error = online.error(NEWER, "--timeout", "0.3s", command="resume")
    assert code == 5
    assert "has not begun yet" in error
