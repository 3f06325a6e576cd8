"""The schedule: there or not, and whether its account has proved that it sees what this check sees."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.checking.row import Mark, Row, Subject
from agent.checking.schedule import UsedSettings, schedule_rows
from agent.errors import ScheduleError
from agent.scheduling.notes import Installed, Proof
from agent.scheduling.status import JobStatus, ScheduleStatus
from tests.agent.checking.fakes import NOW, FakeSchedule

DAY = timedelta(days=1)
CONFIG = Path("shopmaster.toml").absolute()
SERVICE = r"NT AUTHORITY\NETWORK SERVICE"
JOB = JobStatus(
    is_enabled=True,
    is_running=False,
    account=SERVICE,
    last_run=NOW - DAY / 2,
    last_code=0,
    next_run=NOW + DAY / 2,
)
INSTALLED = Installed(NOW - 3 * DAY, SERVICE, "daily", (str(Path(__file__)),), CONFIG)
PROOF = Proof("x", NOW - 3 * DAY, SERVICE, 0, ())
USED = UsedSettings(CONFIG, NOW - 4 * DAY)


def row_of(
    status: ScheduleStatus | ScheduleError, proof: Proof | None = PROOF, used: UsedSettings = USED
) -> Row:
    (row,) = schedule_rows(FakeSchedule(status, proof), used)
    assert row.subject is Subject.SCHEDULE
    assert bool(row.remedy) == (row.mark is not Mark.OK)
    return row


def test_a_schedule_whose_account_has_proved_itself_is_good() -> None:
    row = row_of(ScheduleStatus(JOB, INSTALLED))
    assert row.mark is Mark.OK
    assert f"next on {(NOW + DAY / 2).astimezone():%Y-%m-%d %H:%M}" in row.finding


@pytest.mark.parametrize(
    ("status", "mark", "words"),
    [
        (ScheduleStatus(None, None), Mark.WARNING, "No upload is scheduled."),
        (ScheduleStatus(None, INSTALLED), Mark.FAILED, "has been removed"),
        (ScheduleStatus(replace(JOB, is_enabled=False), INSTALLED), Mark.FAILED, "disabled"),
        (
            ScheduleStatus(JOB, replace(INSTALLED, program=(str(CONFIG.with_name("no.exe")),))),
            Mark.FAILED,
            "no longer there",
        ),
        (
            ScheduleStatus(replace(JOB, last_code=0x80070005), INSTALLED),
            Mark.FAILED,
            "its account may not start its program",
        ),
        (
            ScheduleStatus(replace(JOB, last_code=1), INSTALLED),
            Mark.OK,
            "",
        ),  # the last run says why
    ],
)
def test_each_state_of_a_schedule_has_its_mark(
    status: ScheduleStatus, mark: Mark, words: str
) -> None:
    row = row_of(status)
    assert row.mark is mark
    assert words in row.finding
    assert mark is Mark.OK or "schedule install" in row.remedy


def test_an_account_that_could_not_upload_is_named_with_the_reason() -> None:
    row = row_of(
        ScheduleStatus(JOB, INSTALLED), replace(PROOF, problems=("The login is refused.",))
    )
    assert row.mark is Mark.FAILED
    assert f"As {SERVICE}, an upload would fail: The login is refused." in row.finding


@pytest.mark.parametrize(
    ("proof", "used", "words"),
    [
        (None, USED, f"Nothing has proved that {SERVICE} can upload."),
        (PROOF, replace(USED, changed_at=NOW - DAY), "the settings have been changed since"),
        (PROOF, replace(USED, file=CONFIG.with_name("other.toml")), "uses the settings file"),
    ],
)
def test_without_a_proof_for_these_settings_there_is_a_warning(
    proof: Proof | None, used: UsedSettings, words: str
) -> None:
    row = row_of(ScheduleStatus(JOB, INSTALLED), proof, used)
    assert row.mark is Mark.WARNING
    assert words in row.finding


def test_a_computer_without_a_scheduler_is_no_failure_if_nothing_was_installed() -> None:
    row = row_of(ScheduleError("systemd doesn't run here.", "Use another."))
    assert (row.mark, row.finding) == (Mark.WARNING, "systemd doesn't run here.")
