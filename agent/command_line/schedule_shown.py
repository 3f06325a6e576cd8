"""What `schedule show` prints: lines for people, or one JSON object."""

from collections.abc import Iterator
from datetime import UTC, datetime

from agent.errors import AgentError
from agent.scheduling.notes import Installed
from agent.scheduling.results import shown_code, words
from agent.scheduling.status import JobStatus, ScheduleStatus
from agent.showing import local_time
from contract.blobs import StoreName


def schedule_lines(status: ScheduleStatus, store: StoreName) -> Iterator[str]:
    """Yield the lines that describe a schedule."""
    yield f"Store:     {store}"
    job, installed = status.job, status.installed
    if job is not None:
        yield f"Schedule:  {installed.times if installed else 'installed by somebody else'}"
        yield f"Account:   {job.account}"
        yield f"Last run:  {_last(job)}"
        yield f"Next run:  {_local(job.next_run) if job.is_enabled else 'none'}"
    if installed is not None:
        yield f"Installed: {_local(installed.at)}, with {installed.config}"
    if status.trouble:
        yield ""
        yield from status.trouble


def schedule_record(status: ScheduleStatus, store: StoreName) -> dict[str, object]:
    """Return the same for programs; docs/agent.md describes it."""
    trouble = " ".join(status.trouble) if status.trouble else None
    return _record(status.job, status.installed, store, trouble)


def unknown_record(
    error: AgentError, installed: Installed | None, store: StoreName
) -> dict[str, object]:
    """Return the same where the scheduler can't be asked, so that nobody knows whether it has the schedule."""
    unknown = dict.fromkeys(("present", "enabled", "running"))
    return _record(None, installed, store, str(error)) | unknown


def _record(
    job: JobStatus | None, installed: Installed | None, store: StoreName, problem: str | None
) -> dict[str, object]:
    code = job.last_code if job else None
    return {
        "version": 1,
        "store": store,
        "present": job is not None,
        "enabled": job is not None and job.is_enabled,
        "running": job is not None and job.is_running,
        "account": job.account if job else None,
        "times": installed.times if installed else None,
        "installed_at": _utc(installed.at if installed else None),
        "settings": str(installed.config) if installed else None,
        "last_run": _utc(job.last_run if job else None),
        "last_exit_code": code,
        "last_result": words(code) if job and code is not None else None,
        "next_run": _utc(job.next_run if job else None),
        "problem": problem,
    }


def _last(job: JobStatus) -> str:
    when = _local(job.last_run)
    if job.is_running:
        return f"{when}, still running"
    if job.last_code is None:
        return "none yet" if job.last_run is None else when
    return f"{when}, {words(job.last_code)} (code {shown_code(job.last_code)})"


def _local(moment: datetime | None) -> str:
    return local_time(moment) if moment else "unknown"


def _utc(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None
