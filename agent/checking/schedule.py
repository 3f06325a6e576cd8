"""Checks the schedule: whether it is there, and whether its account sees what this check sees."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from agent.checking.row import Row, Subject, failed, ok, warning
from agent.errors import AgentError, ExitCode
from agent.scheduling.notes import Installed, Proof
from agent.scheduling.results import words
from agent.scheduling.status import JobStatus, ScheduleStatus
from agent.showing import local_time

_SUBJECT = Subject.SCHEDULE
_PROVE_AGAIN = (
    "Run `shopmaster schedule install` again: it lets that account check everything before it reports "
    "success."
)
_OWN = frozenset(ExitCode)
"""Exit codes of the upload's own, which the last run's row explains."""


@dataclass(frozen=True, slots=True)
class UsedSettings:
    """The settings file that this check uses."""

    file: Path | None
    changed_at: datetime | None
    """When it was last changed, if that is known."""


class Schedule(Protocol):
    """The store's schedule on this computer, and what a run as its account has proved."""

    def show(self) -> ScheduleStatus:
        """Ask the platform's scheduler; raises AgentError."""

    def installed(self) -> Installed | None:
        """Return what was installed, if anything was."""

    def proof(self) -> Proof | None:
        """Return what the last checks found that ran as the schedule's account."""


def schedule_rows(schedule: Schedule, used: UsedSettings) -> Iterator[Row]:
    """Yield the row about the schedule."""
    try:
        status = schedule.show()
    except AgentError as error:
        was_installed = schedule.installed() is not None
        unknown = warning(_SUBJECT, error.cause, error.remedy)
        yield failed(_SUBJECT, error) if was_installed else unknown
        return
    yield schedule_row(status, schedule.proof(), used)


def schedule_row(status: ScheduleStatus, proof: Proof | None, used: UsedSettings) -> Row:
    """Return the row about a schedule."""
    if status.job is None and status.installed is None and status.trouble:
        return warning(_SUBJECT, *status.trouble)
    if status.job is None or status.trouble:
        return failed(_SUBJECT, AgentError(*(status.trouble or ("", ""))))
    code = status.job.last_code
    if code is not None and code not in _OWN:
        cause = f"The last scheduled run ended badly: {words(code)}."
        return failed(_SUBJECT, AgentError(cause, _PROVE_AGAIN))
    if proof is not None and proof.problems:
        cause = (
            f"As {proof.account or status.job.account}, an upload would fail: {proof.problems[0]}"
        )
        return failed(_SUBJECT, AgentError(cause, _PROVE_AGAIN))
    if doubt := _doubt(status, status.job, proof, used):
        return warning(_SUBJECT, doubt, _PROVE_AGAIN)
    return ok(_SUBJECT, _next(status.job))


def _doubt(
    status: ScheduleStatus, job: JobStatus, proof: Proof | None, used: UsedSettings
) -> str | None:
    """Return why nobody knows whether the schedule's account can still do what this one can."""
    account = job.account
    config = status.installed.config if status.installed else None
    if config is not None and used.file is not None and config != used.file.absolute():
        return (
            f"The schedule uses the settings file {config}, but this check {used.file.absolute()}."
        )
    if proof is None:
        return f"Nothing has proved that {account} can upload."
    when = local_time(proof.at)
    if used.changed_at is not None and used.changed_at > proof.at:
        return f"{account} proved on {when} that it can upload, but the settings have been changed since."
    return None


def _next(job: JobStatus) -> str:
    when = f", next on {local_time(job.next_run)}" if job.next_run else ""
    return f"as {job.account}, which has proved that it can upload{when}"
