"""Schedules on Windows: a task in Task Scheduler, whose account may write to the state folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from agent.errors import ScheduleError
from agent.scheduling.plan import Account, Job, Plan, TakeBack
from agent.scheduling.results import refusal
from agent.scheduling.status import JobStatus
from agent.scheduling.task_xml import task_xml
from agent.windows_accounts import ServiceAccount
from agent.windows_programs import RunWindows
from contract.blobs import StoreName

_AS_ADMINISTRATOR = "Open PowerShell with `Run as administrator`, and run the command there."


class RefusedError(Exception):
    """Task Scheduler refuses a call."""

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code & 0xFFFFFFFF:08X}")
        self.code = code


class TaskService(Protocol):
    """Windows' Task Scheduler; each method raises RefusedError."""

    def register(self, name: str, xml: str, account: Account) -> None:
        """Create a task, or replace the one of that name."""

    def start(self, name: str) -> None:
        """Start a task now."""

    def status(self, name: str) -> JobStatus | None:
        """Return how a task is, or None if there is none of that name."""

    def delete(self, name: str) -> bool:
        """Delete a task, and return whether it was there."""


class WindowsTasks:
    """The tasks of one store."""

    def __init__(self, service: TaskService, store: StoreName, run: RunWindows) -> None:
        self._service = service
        self._store = store
        self._run = run

    def prepare(self, plan: Plan) -> TakeBack:
        """Let the plan's account, which may have no other right there, change the state folder.

        Nothing takes that back: nobody else loses a right by it, and an earlier schedule may need it.
        """
        try:
            plan.state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ScheduleError(
                f"The folder {plan.state} can't be made ({error.strerror}).", _AS_ADMINISTRATOR
            ) from error
        account = plan.account
        who = f"*{account.sid}" if isinstance(account, ServiceAccount) else account.name
        # (OI)(CI)M: change, also what is made in it later. /T: what is there already.
        granting = [str(plan.state), "/grant", f"{who}:(OI)(CI)M", "/T", "/Q"]
        done = self._run("icacls", granting)
        if done.exit_code:
            raise ScheduleError(
                f"{account.name} can't be given the right to change {plan.state} ({done.said}).",
                f"Check the account's name. {_AS_ADMINISTRATOR}",
            )
        return lambda: None

    def register(self, plan: Plan, job: Job, proof: str = "") -> None:
        """Hand a job to Task Scheduler."""
        xml = task_xml(plan, job, proof)
        with _explained(f"The task can't be made for {plan.account.name}"):
            self._service.register(self._name(job), xml, plan.account)

    def start(self, job: Job) -> None:
        """Start the job's task."""
        with _explained(f"The task {self._name(job)} can't be started"):
            self._service.start(self._name(job))

    def status(self, job: Job) -> JobStatus | None:
        """Return what Task Scheduler says about the job's task."""
        with _explained(f"Task Scheduler can't be asked about {self._name(job)}"):
            return self._service.status(self._name(job))

    def unregister(self, job: Job) -> bool:
        """Delete the job's task."""
        with _explained(f"The task {self._name(job)} can't be removed"):
            return self._service.delete(self._name(job))

    def _name(self, job: Job) -> str:
        return f"shopMaster {self._store}" + (" proof" if job is Job.PROOF else "")


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except RefusedError as refused:
        raise ScheduleError(f"{what}: {refusal(refused.code)}.") from refused
