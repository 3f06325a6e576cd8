"""An expired session ends a run, and after a new login it goes on from where it stopped."""

from datetime import timedelta

import pytest

from contract.run import RunError, RunState
from function_app.answers import TokenRefused
from function_app.errors import TokenMissingError
from function_app.token import StoredToken
from tests.function_app.fakes import NOON
from tests.function_app.world import DOWN, OK, STORE, World, id_of, ids

RECONFIGURE = "User session expired, Please Reconfigure"
EXPIRED = StoredToken("opaque", NOON - timedelta(hours=1))
GOOD = StoredToken("opaque", NOON + timedelta(hours=1))


def test_with_an_expired_token_nothing_is_sent(world: World) -> None:
    world.tokens.stored = EXPIRED
    run = world.upload(world.put(450))
    assert (run.state, run.message) == (RunState.SESSION_EXPIRED, RECONFIGURE)
    assert run.error == RunError("session_expired", "The stored token is past its expiry.")
    assert (run.read, run.not_sent) == (450, 450)
    assert world.digible.requests == []


def test_without_a_token_nothing_is_sent(world: World) -> None:
    world.tokens.stored = TokenMissingError("No Digible token is stored for store 0001.")
    run = world.upload(world.put(450))
    assert (run.state, run.message) == (RunState.SESSION_EXPIRED, RECONFIGURE)
    assert run.error == RunError("session_expired", "No Digible token is stored for store 0001.")


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_refused_during_a_run_ends_it_there(world: World, status: int) -> None:
    world.answer(OK, TokenRefused("Expired", status))
    run = world.upload(world.put(650))
    assert (run.state, run.message) == (RunState.SESSION_EXPIRED, RECONFIGURE)
    assert run.error == RunError("session_expired", "Expired", 2, status)
    assert (run.accepted, run.not_sent) == (200, 450)
    assert world.digible.requests == [ids(1, 200), ids(201, 400)]


def test_after_a_new_login_the_run_goes_on_from_where_it_stopped(world: World) -> None:
    version = world.put(650)
    world.answer(OK, TokenRefused("Expired", 401))
    world.upload(version)
    world.resume(version)
    run = world.run(version)
    assert (run.state, run.accepted, run.attempt) == (RunState.SUCCEEDED, 650, 2)
    assert world.digible.accepted == [ids(1, 200), ids(201, 400), ids(401, 600), ids(601, 650)]
    assert (run.error, run.message) == (None, "All 650 products were accepted by Digible.")


def test_a_run_that_had_sent_nothing_is_resumed_too(world: World) -> None:
    version = world.put(250)
    world.tokens.stored = EXPIRED
    world.upload(version)
    world.tokens.stored = GOOD
    world.resume(version)
    assert world.run(version).state is RunState.SUCCEEDED


def test_a_resume_request_is_deleted_once_it_is_carried_out(world: World) -> None:
    version = world.put(250)
    world.answer(TokenRefused("Expired", 401))
    world.upload(version)
    world.resume(version)
    assert [blob.name for blob in world.catalogs.all()] == [version.name]


def test_a_run_resumed_without_a_new_login_is_still_expired(world: World) -> None:
    version = world.put(250)
    world.tokens.stored = EXPIRED
    world.upload(version)
    world.resume(version)
    assert world.run(version).state is RunState.SESSION_EXPIRED
    assert world.digible.requests == []


def test_a_run_that_succeeded_is_not_resumed(world: World) -> None:
    version = world.put(250)
    before = world.upload(version)
    world.resume(version)
    assert world.run(version) == before
    assert len(world.digible.requests) == 2


def test_resuming_a_waiting_run_changes_nothing(world: World) -> None:
    version = world.put(1)
    world.digible.judge = lambda products: DOWN
    before = world.upload(version)
    world.resume(version)
    assert world.run(version) == before
    assert len(world.queue.messages) == 1


def test_a_resume_request_for_an_unknown_run_leaves_a_record_that_says_so(world: World) -> None:
    request = world.catalogs.put(f"{STORE}/no-such-run.resume", b"")
    world.uploader.upload(request.name)
    assert world.catalogs.current(request.name) is None
    (run,) = world.records.saves
    assert (run.run, run.state) == ("no-such-run", RunState.INVALID_CATALOG)
    assert run.message.startswith("There is no such upload to resume")


@pytest.mark.parametrize("lose", ["damage", "remove"])
def test_resuming_a_run_whose_record_is_lost_begins_it_anew(world: World, lose: str) -> None:
    version = world.put(450)
    assert world.upload_and_die(version, 8)
    world.queue.messages.clear()
    getattr(world.records, lose)(STORE, id_of(version))
    world.resume(version)
    run = world.run(version)
    assert (run.state, run.accepted, run.catalog) == (RunState.SUCCEEDED, 450, version.name)


def test_resuming_a_lost_run_whose_catalogue_was_overwritten_changes_nothing(world: World) -> None:
    version = world.put(3)
    newer = world.put(4)
    world.resume(version)
    assert world.run(version).state is RunState.INVALID_CATALOG
    assert world.catalogs.current(version.name) == newer
    assert world.digible.requests == []


def test_a_file_that_only_has_the_name_of_a_resume_request_is_not_deleted(world: World) -> None:
    notes = world.put(3, f"{STORE}/my.resume")
    world.uploader.upload(notes.name)
    assert world.catalogs.current(notes.name) == notes
    (run,) = world.records.saves
    assert (run.store, run.state) == ("_unknown", RunState.INVALID_CATALOG)
    assert "such a request is an empty file" in run.message


def test_a_resume_request_that_cannot_be_deleted_is_carried_out_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    version = world.put(250)
    world.digible.judge = lambda products: TokenRefused("Expired", 401)
    world.upload(version)
    request = world.catalogs.put(f"{STORE}/{id_of(version)}.resume", b"")
    world.catalogs.undeletable.add(request.name)
    for _ in range(10):
        world.uploader.upload(request.name)
        world.clock.advance(timedelta(minutes=6))  # then the sweep finds it again
    assert 2 <= len(world.digible.requests) <= 3
    assert (
        f"the request to resume run {id_of(version)} of store 0001 can't be deleted" in caplog.text
    )
    world.digible.judge = lambda products: OK
    world.catalogs.put(request.name, b"")  # somebody asks again
    world.uploader.upload(request.name)
    assert world.run(version).state is RunState.SUCCEEDED


def test_a_resumed_run_whose_catalogue_is_gone_says_so(world: World) -> None:
    version = world.put(250)
    world.answer(TokenRefused("Expired", 401))
    world.upload(version)
    world.catalogs.delete(version.name)
    world.resume(version)
    run = world.run(version)
    assert (run.state, run.error and run.error.kind) == (RunState.FAILED, "catalog_deleted")


@pytest.mark.parametrize("step", range(2))
def test_another_worker_resumes_a_run_if_the_first_one_dies(world: World, step: int) -> None:
    version = world.put(250)
    world.answer(TokenRefused("Expired", 401))
    world.upload(version)
    request = world.catalogs.put(f"{STORE}/{id_of(version)}.resume", b"")
    assert world.upload_and_die(request, step)
    world.uploader.upload(request.name)
    assert world.run(version).state is RunState.SUCCEEDED
    assert world.catalogs.current(request.name) is None


def test_a_token_that_expires_before_the_run_comes_back_is_noticed(world: World) -> None:
    version = world.put(1)
    world.tokens.stored = StoredToken("opaque", NOON + timedelta(minutes=1))
    world.digible.judge = lambda products: DOWN
    world.upload(version)
    requests = len(world.digible.requests)
    world.clock.advance(timedelta(minutes=10))
    world.all_messages()
    assert world.run(version).state is RunState.SESSION_EXPIRED
    assert len(world.digible.requests) == requests
