"""When products were last sent and how that ended, by run records and by this PC's own note."""

from datetime import timedelta

import pytest

from agent.checking.last_run import last_run_row
from agent.checking.row import Mark
from agent.state import LastRun
from contract.blobs import RunId
from contract.run import Run, RunState
from tests.agent.checking.fakes import NOW
from tests.agent.shops import make_run

HOUR = timedelta(hours=1)


def run(state: RunState, hours_ago: float = 2) -> Run:
    then = NOW - hours_ago * HOUR
    return make_run(state, started_at=then, updated_at=then, read=5, accepted=4, rejected=1)


def noted(exit_code: int, hours_ago: float = 1, run_id: str | None = None) -> LastRun:
    return LastRun(
        NOW - hours_ago * HOUR, exit_code, "The reason.", None if run_id is None else RunId(run_id)
    )


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        (RunState.SUCCEEDED, Mark.OK),
        (RunState.COMPLETED_WITH_REJECTIONS, Mark.OK),
        (RunState.SUPERSEDED, Mark.OK),
        (RunState.SENDING, Mark.OK),
        (RunState.WAITING, Mark.WARNING),
        (RunState.FAILED, Mark.FAILED),
        (RunState.INVALID_CATALOG, Mark.FAILED),
        (RunState.SESSION_EXPIRED, Mark.FAILED),
    ],
)
def test_each_state_of_the_last_run_has_its_mark(state: RunState, mark: Mark) -> None:
    row = last_run_row([run(state)], None, NOW)
    assert row.mark is mark
    assert bool(row.remedy) == (mark is not Mark.OK)


def test_rejected_products_are_counted() -> None:
    row = last_run_row([run(RunState.COMPLETED_WITH_REJECTIONS)], None, NOW)
    assert "4 of 5 accepted, 1 rejected" in row.finding


def test_an_expired_session_says_how_to_go_on() -> None:
    expired = run(RunState.SESSION_EXPIRED)
    row = last_run_row([expired], None, NOW)
    assert "User session expired, Please Reconfigure" in row.finding
    assert (
        row.remedy == "Run `shopmaster login`, then `shopmaster resume 20261123T120000Z-1a2b3c4d`."
    )


@pytest.mark.parametrize(("hours", "mark"), [(25.9, Mark.OK), (26.1, Mark.WARNING)])
def test_a_day_without_a_run_is_a_warning(hours: float, mark: Mark) -> None:
    assert last_run_row([run(RunState.SUCCEEDED, hours)], None, NOW).mark is mark
    assert last_run_row([], noted(0, hours), NOW).mark is mark


def test_a_long_silence_is_told_in_days() -> None:
    assert "5 days ago" in last_run_row([run(RunState.SUCCEEDED, 120)], None, NOW).finding


def test_a_store_without_a_run_is_told_how_to_start_one() -> None:
    row = last_run_row([], None, NOW)
    assert row.mark is Mark.WARNING
    assert "`shopmaster upload`" in row.remedy


def test_without_run_records_only_this_pcs_note_is_known() -> None:
    assert last_run_row(None, None, NOW).mark is Mark.NOT_CHECKED
    row = last_run_row(None, noted(1), NOW)
    assert row.mark is Mark.FAILED
    assert "failed: The reason." in row.finding


def test_an_upload_that_failed_before_there_was_a_run_is_newer_than_the_last_run() -> None:
    assert last_run_row([run(RunState.SUCCEEDED, 30)], noted(1), NOW).mark is Mark.FAILED
    assert last_run_row([run(RunState.SUCCEEDED, 1)], noted(1, 30), NOW).mark is Mark.OK


def test_the_record_of_a_run_says_more_than_this_pcs_note_of_it() -> None:
    """The note was written when nobody waited any more."""
    finished = run(RunState.SUCCEEDED, 2)
    assert last_run_row([finished], noted(5, 1, finished.run), NOW).mark is Mark.OK


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        (0, Mark.OK), (1, Mark.FAILED), (2, Mark.FAILED), (3, Mark.FAILED), (4, Mark.OK),
        (5, Mark.OK), (130, Mark.WARNING),
    ],
)  # fmt: skip
def test_each_exit_code_of_the_last_upload_has_its_mark(code: int, mark: Mark) -> None:
    row = last_run_row([], noted(code), NOW)
    assert row.mark is mark
    assert bool(row.remedy) == (mark is not Mark.OK)
