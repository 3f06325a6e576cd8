"""The rows about the storage account, the clock, the sign-in, the rights and the token."""

from datetime import datetime, timedelta

import pytest

from agent.checking.cloud import CLOUD, clock_row, cloud_rows
from agent.checking.row import Mark, Row, Subject
from agent.checking.token import token_rows
from agent.errors import SignInError, StorageError, TokenStoreError
from agent.token_store import StoredExpiry
from contract.run import RunState
from tests.agent.checking.fakes import NOW, FakeCloud, FakeTokens, now
from tests.agent.shops import make_run

HOUR = timedelta(hours=1)
RECENT = make_run(RunState.SUCCEEDED, started_at=NOW - HOUR, updated_at=NOW, read=3, accepted=3)


def rows_of(cloud: FakeCloud) -> dict[Subject, Row]:
    return {row.subject: row for row in cloud_rows(cloud, None, now)}


def token(found: StoredExpiry | TokenStoreError | None) -> Row:
    (row,) = token_rows(None if found is None else FakeTokens(found), now)
    return row


def test_an_account_that_can_be_used_has_a_good_row_for_each_step() -> None:
    rows = rows_of(FakeCloud(latest=[RECENT]))
    assert tuple(rows) == CLOUD
    assert {row.mark for row in rows.values()} == {Mark.OK}


def test_an_account_that_cannot_be_reached_ends_the_questions() -> None:
    error = StorageError("It can't be reached.", "Check the line.")
    rows = rows_of(FakeCloud(fails={"service_time": error}))
    assert tuple(rows) == (Subject.STORAGE, Subject.LAST_RUN)
    assert rows[Subject.STORAGE].remedy == "Check the line."
    assert rows[Subject.LAST_RUN].mark is Mark.NOT_CHECKED


@pytest.mark.parametrize("question", ["service_time", "sign_in"])
def test_a_sign_in_that_fails_is_the_sign_ins_fault_at_any_time(question: str) -> None:
    error = SignInError("the certificate has expired.", "Make a new one.")
    rows = rows_of(FakeCloud(fails={question: error}))
    assert rows[Subject.SIGN_IN].mark is Mark.FAILED
    assert "the certificate has expired" in rows[Subject.SIGN_IN].finding
    assert Subject.WRITE not in rows


@pytest.mark.parametrize(
    ("question", "subject", "other"),
    [
        ("prove_write", Subject.WRITE, Subject.RUN_RECORDS),
        ("runs", Subject.RUN_RECORDS, Subject.WRITE),
    ],
)
def test_one_right_is_checked_without_the_other(
    question: str, subject: Subject, other: Subject
) -> None:
    rows = rows_of(FakeCloud(fails={question: StorageError("No right.", "Ask.")}))
    assert rows[subject].mark is Mark.FAILED
    assert rows[other].mark is Mark.OK


@pytest.mark.parametrize(
    ("skew", "mark", "words"),
    [
        (timedelta(seconds=2), Mark.OK, "right"),
        (timedelta(seconds=-100), Mark.OK, "100 seconds slow, which is no problem"),
        (timedelta(minutes=5), Mark.WARNING, "This computer's clock is 5 minutes fast."),
        (timedelta(minutes=-60), Mark.FAILED, "This computer's clock is 60 minutes slow."),
    ],
)
def test_a_clock_may_be_a_little_wrong(skew: timedelta, mark: Mark, words: str) -> None:
    row = clock_row(skew)
    assert (row.mark, row.finding) == (mark, words)
    assert ("Set the clock" in row.remedy) == (mark is not Mark.OK)


def test_a_service_that_is_slow_to_answer_does_not_make_the_clock_wrong() -> None:
    time = [NOW]

    class Slow(FakeCloud):
        def service_time(self) -> datetime:
            time[0] += timedelta(minutes=10)
            return time[0]

    rows = {row.subject: row for row in cloud_rows(Slow(), None, lambda: time[0])}
    assert rows[Subject.CLOCK].finding == "right"


def test_with_a_wrong_clock_a_sign_in_is_not_tried() -> None:
    assert Subject.SIGN_IN not in rows_of(FakeCloud(skew=HOUR))


@pytest.mark.parametrize(
    ("left", "mark"),
    [(-HOUR, Mark.FAILED), (6 * 24 * HOUR, Mark.WARNING), (8 * 24 * HOUR, Mark.OK)],
)
def test_a_sas_is_told_before_it_expires(left: timedelta, mark: Mark) -> None:
    row = rows_of(FakeCloud(until=NOW + left))[Subject.SIGN_IN]
    assert row.mark is mark
    assert f"{(NOW + left).astimezone():%Y-%m-%d %H:%M}" in row.finding


@pytest.mark.parametrize(
    ("left", "mark"),
    [
        (-HOUR, Mark.FAILED),
        (0 * HOUR, Mark.FAILED),
        (6 * 24 * HOUR, Mark.WARNING),
        (8 * 24 * HOUR, Mark.OK),
    ],
)
def test_a_token_is_told_before_it_expires(left: timedelta, mark: Mark) -> None:
    row = token(StoredExpiry(is_present=True, expires_on=NOW + left))
    assert row.mark is mark
    assert (row.remedy == "Run `shopmaster login`.") == (mark is not Mark.OK)


def test_a_token_may_have_no_known_expiry() -> None:
    assert token(StoredExpiry(is_present=True, expires_on=None)).mark is Mark.OK


def test_a_missing_token_fails() -> None:
    row = token(StoredExpiry(is_present=False, expires_on=None))
    assert (row.mark, row.remedy) == (Mark.FAILED, "Run `shopmaster login`.")


def test_a_token_store_that_cannot_be_asked_says_why() -> None:
    row = token(TokenStoreError("No right.", "Ask your operator."))
    assert row == Row(Subject.TOKEN, Mark.FAILED, "No right.", "Ask your operator.")


def test_settings_without_a_place_for_the_token_are_no_failure() -> None:
    assert token(None).mark is Mark.NOT_CHECKED
