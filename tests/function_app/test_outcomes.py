"""How a run ends, or waits, in words for the shop owner."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contract.compression import CatalogError
from contract.product import Rejection, Stage
from contract.run import Run, RunError, RunState
from function_app import outcomes
from function_app.answers import Refused, TokenRefused, Trouble, Unavailable, Unreadable
from function_app.settling import BatchTrouble
from tests.runs import sending_run

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REJECTION = Rejection("P7", 7, Stage.CATALOG, "SellPrice is missing")
RUN = sending_run(NOW, read=1_234, batches_total=7)


def stopped(trouble: Trouble) -> Run:
    return outcomes.stopped(RUN, BatchTrouble(3, trouble), NOW)


def test_a_run_succeeds_if_all_products_are_accepted() -> None:
    run = outcomes.completed(replace(RUN, accepted=1_234), None, NOW)
    assert run.state is RunState.SUCCEEDED
    assert run.message == "All 1,234 products were accepted by Digible."
    assert (run.finished_at, run.error) == (NOW, None)


def test_digibles_last_words_are_included() -> None:
    run = outcomes.completed(replace(RUN, accepted=1_234), "Thank you", NOW)
    assert run.message == "All 1,234 products were accepted by Digible. Digible says: Thank you"


def test_a_run_says_how_many_products_were_rejected() -> None:
    run = outcomes.completed(
        replace(RUN, accepted=1_233, rejected=1, rejections=(REJECTION,)), None, NOW
    )
    assert run.state is RunState.COMPLETED_WITH_REJECTIONS
    assert run.message == "1,233 of 1,234 products were accepted by Digible, 1 rejected."


def test_an_unreadable_catalogue_is_invalid() -> None:
    run = outcomes.unreadable(RUN, CatalogError("the file is empty", "line 1, column 1"), NOW)
    assert run.state is RunState.INVALID_CATALOG
    assert run.message == (
        "The catalogue can't be used, so none of it was sent. The file is empty (line 1, column 1)."
    )
    assert run.error == RunError("invalid_catalog", "The file is empty (line 1, column 1).")


def test_a_newer_catalogue_supersedes_a_run() -> None:
    run = outcomes.superseded(RUN, NOW)
    assert run.state is RunState.SUPERSEDED
    assert run.message == ("This store has a newer catalogue, so the rest of this one is not sent.")


def test_a_run_fails_if_its_catalogue_is_deleted() -> None:
    run = outcomes.deleted(RUN, NOW)
    assert run.state is RunState.FAILED
    assert run.message == ("The catalogue was deleted before all of it was sent. Upload it again.")
    assert run.error == RunError("catalog_deleted", run.message)


def test_a_run_fails_if_the_function_fails_repeatedly() -> None:
    run = outcomes.abandoned(RUN, NOW)
    assert run.state is RunState.FAILED
    assert run.message == (
        "The upload service failed several times with this catalogue. Tell your operator."
    )
    assert run.error is not None
    assert run.error.kind == "abandoned"


@pytest.mark.parametrize("status", [401, 403])
def test_the_session_expires_if_digible_refuses_the_token(status: int) -> None:
    run = stopped(TokenRefused("Token expired", status))
    assert run.state is RunState.SESSION_EXPIRED
    assert run.message == "User session expired, Please Reconfigure"
    assert run.error == RunError("session_expired", "Token expired", 3, status)


def test_the_session_expires_with_the_stored_token() -> None:
    run = outcomes.session_expired(RUN, "The stored token is past its expiry.", NOW)
    assert run.message == "User session expired, Please Reconfigure"
    assert run.error == RunError("session_expired", "The stored token is past its expiry.")


def test_a_run_fails_if_digibles_response_is_not_json() -> None:
    run = stopped(Unreadable("<html>"))
    assert run.state is RunState.FAILED
    assert run.message == "Invalid JSON response from the server"
    assert run.error == RunError("invalid_response", "<html>", 3, 200)


def test_a_run_fails_if_digibles_response_is_too_long_and_does_not_call_it_invalid_json() -> None:
    run = stopped(Unreadable("[[[", is_too_long=True))
    assert run.state is RunState.FAILED
    assert run.message == (
        "Digible's answer to batch 3 of 7 is too long to be read, so whether it took these products is "
        "not known. Nothing more was sent."
    )
    assert run.error == RunError("invalid_response", "[[[", 3, 200)


def test_a_run_with_warnings_says_so_instead_of_digibles_words() -> None:
    run = outcomes.completed(replace(RUN, accepted=1_234, warnings=("Batch 1: x",)), "Thanks", NOW)
    assert run.state is RunState.SUCCEEDED
    assert run.message == (
        "All 1,234 products were accepted by Digible. Its answers hold warnings, though: check the products "
        "in Digible."
    )


def test_a_run_fails_if_digible_refuses_a_batch() -> None:
    run = stopped(Refused("Unknown store", 422, about_products=True))
    assert run.state is RunState.FAILED
    assert run.message == "Digible refused batch 3 of 7 (HTTP 422): Unknown store"
    assert run.error == RunError("refused", "Unknown store", 3, 422)


def test_a_run_waits_if_digible_cannot_be_reached() -> None:
    run = stopped(Unavailable("Digible (api) can't be reached."))
    assert run.state is RunState.WAITING
    assert run.message == (
        "Digible (api) can't be reached. Trying again in 1 min; nothing is lost."
    )
    assert run.error == RunError("unavailable", "Digible (api) can't be reached.", 3)
    assert (run.retry_at, run.finished_at) == (NOW + timedelta(minutes=1), None)
    assert (run.waiting_since, run.retries) == (NOW, 1)


def test_a_wait_grows_with_each_return() -> None:
    error, run, now, waits = RunError("unavailable", "Down."), RUN, NOW, []
    for _ in range(7):
        run = outcomes.waiting(run, error, now)
        assert run.retry_at is not None
        waits.append(round((run.retry_at - now).total_seconds() / 60))
        now = run.retry_at
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert run.message == "Down. Trying again in 30 min; nothing is lost."


def test_a_wait_is_as_long_as_digible_asks_for() -> None:
    run = stopped(Unavailable("Busy.", 429, retry_after=600))
    assert run.retry_at == NOW + timedelta(minutes=10)
    assert run.message == "Busy. Trying again in 10 min; nothing is lost."


def test_a_run_fails_after_a_day_of_waiting() -> None:
    error, run, now = RunError("unavailable", "Down.", 3, 503), RUN, NOW
    while run.state is not RunState.FAILED:
        run = outcomes.waiting(run, error, now)
        now = run.retry_at or now
    assert timedelta(hours=23) < now - NOW <= timedelta(hours=24)
    assert run.message == "Given up after a day of trying: Down."
    assert (run.error, run.finished_at, run.retry_at) == (error, now, None)
