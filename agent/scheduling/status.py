"""What a schedule looks like on this computer, and what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime

from agent.scheduling.notes import Installed
from agent.showing import local_time


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What the platform's scheduler says about a job; times are with a time zone."""

    is_enabled: bool
    is_running: bool
    account: str
    last_run: datetime | None
    last_code: int | None
    """How the last run ended; None if there was none, or it still runs."""

    next_run: datetime | None


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """A store's schedule, and the note of what was installed."""

    job: JobStatus | None
    """None if the platform's scheduler has none."""

    installed: Installed | None
    """None if nothing was installed, or it was removed with `schedule remove`."""

    @property
    def trouble(self) -> tuple[str, str] | None:
        """What is wrong with the schedule, and what to do about it, or None."""
        again = "Run `shopmaster schedule install` again."
        if self.job is None and self.installed is None:
            return "No upload is scheduled.", "Run `shopmaster schedule install`."
        if self.job is None:
            assert self.installed is not None  # noqa: S101  for mypy; said by the line above
            since = local_time(self.installed.at)
            return f"The schedule that was installed on {since} has been removed.", again
        if not self.job.is_enabled:
            return "The schedule has been disabled, so nothing is uploaded.", again
        if self.installed is not None and not self.installed.program_exists:
            program = self.installed.program[0]
            return f"The schedule starts {program}, which is no longer there.", again
        return None
