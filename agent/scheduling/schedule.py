"""Installs a schedule once a run as its account has proved that it can upload; shows and removes it."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from agent.errors import AgentError, ScheduleError
from agent.following import Clock
from agent.scheduling.notes import Installed, Notes, Proof
from agent.scheduling.plan import Hourly, Job, Plan, TakeBack, Times
from agent.scheduling.results import shown_code, words
from agent.scheduling.status import JobStatus, ScheduleStatus

PROOF_SECONDS = 300.0
_POLL = 0.5  # seconds


class Platform(Protocol):
    """The scheduler of an operating system, for one store; each method raises ScheduleError."""

    def prepare(self, plan: Plan) -> TakeBack:
        """Let the plan's account write to the state folder; return what takes that back."""

    def register(self, plan: Plan, job: Job, proof: str = "") -> None:
        """Hand a job of the plan to the scheduler, in place of the one that it has."""

    def start(self, job: Job) -> None:
        """Start a job now."""

    def status(self, job: Job) -> JobStatus | None:
        """Return what the scheduler says about a job, or None if it has none."""

    def unregister(self, job: Job) -> bool:
        """Take a job out of the scheduler; return whether it was there."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule of one store on this computer."""

    platform: Platform
    state: Path
    """The store's state folder."""

    clock: Clock
    new_proof: Callable[[], str]
    """Return a name that no proof has had."""

    def install(self, plan: Plan) -> Proof:
        """Install the plan, once its account has proved that it can upload; return the proof.

        Raises AgentError, and then the schedule is as it was before.
        """
        self.platform.status(
            Job.RUN
        )  # a scheduler that isn't there says so before anything is changed
        with ExitStack() as failing:
            failing.callback(self.platform.prepare(plan))
            failing.callback(self._keep_proof_of_other, plan, self.proof())
            proof = self._prove(plan)
            if proof.problems:
                raise _not_yet(plan, proof)
            self.platform.register(plan, Job.RUN)
            failing.pop_all()
        self._note(plan)
        return proof

    def show(self) -> ScheduleStatus:
        """Return how the schedule is; raises ScheduleError if the scheduler can't be asked."""
        return ScheduleStatus(self.platform.status(Job.RUN), self.installed())

    def installed(self) -> Installed | None:
        """Return what was installed, if anything was."""
        return Notes(self.state).installed()

    def proof(self) -> Proof | None:
        """Return what the last checks found that ran as the schedule's account."""
        return Notes(self.state).proof()

    def remove(self) -> bool:
        """Remove the schedule, and return whether there was one; raises AgentError."""
        was_there = self.platform.unregister(Job.RUN)
        self.platform.unregister(Job.PROOF)
        Notes(self.state).forget_installed()
        return was_there

    def _prove(self, plan: Plan) -> Proof:
        name = self.new_proof()
        self.platform.unregister(Job.PROOF)  # how one that was left behind ended says nothing
        try:
            self.platform.register(plan, Job.PROOF, name)
            self.platform.start(Job.PROOF)
            return self._wait_for(name, plan)
        finally:
            # What went wrong before matters more; without a time it is never started, and `remove` takes it.
            with suppress(ScheduleError):
                self.platform.unregister(Job.PROOF)

    def _keep_proof_of_other(self, plan: Plan, before: Proof | None) -> None:
        """Leave the proof of the schedule that stays, if it runs as another account than the plan."""
        installed = self.installed()
        if before is not None and installed is not None and installed.account != plan.account.name:
            with suppress(AgentError):  # what went wrong before matters more
                Notes(self.state).note_proof(before)

    def _wait_for(self, name: str, plan: Plan) -> Proof:
        notes = Notes(self.state)
        until = self.clock.monotonic() + PROOF_SECONDS
        while self.clock.monotonic() < until:
            status = self.platform.status(Job.PROOF)
            proof = notes.proof()  # after the status: the note is written before the run ends
            if proof is not None and proof.name == name:
                return proof
            if status is None:
                raise ScheduleError(
                    "Nothing was installed: somebody removed the proof as it ran.",
                    "Run the command again.",
                )
            if not status.is_running and status.last_code is not None:
                ended = f"{words(status.last_code)} (code {shown_code(status.last_code)})"
                raise _no_proof(plan, ended)
            self.clock.sleep(_POLL)
        raise _no_proof(plan, f"it did not end within {PROOF_SECONDS / 60:g} minutes")

    def _note(self, plan: Plan) -> None:
        now = datetime.now(UTC)
        times = described(plan.times)
        note = Installed(now, plan.account.name, times, plan.program, plan.config)
        Notes(self.state).note_installed(note)


def described(times: Times) -> str:
    """Return in words when a run begins."""
    if isinstance(times, Hourly):
        return f"every hour at {times.minute:02} min {times.second:02} s"
    return f"every day at {times.at:%H:%M:%S}"


def _not_yet(plan: Plan, proof: Proof) -> ScheduleError:
    problems = "".join(f"\n  - {problem}" for problem in proof.problems)
    return ScheduleError(
        f"Nothing was installed, because {plan.account.name} can't upload yet:{problems}\n"
        "Put that right, then run the command again."
    )


def _no_proof(plan: Plan, reason: str) -> ScheduleError:
    return ScheduleError(
        f"Nothing was installed, because a run as {plan.account.name} left no proof: {reason}.",
        f"That account must be able to start {plan.program[0]} and to read {plan.config}. It can't if "
        "they are in somebody's own folder: put them where every account may read them.",
    )
