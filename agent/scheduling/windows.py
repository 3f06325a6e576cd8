"""Schedules on Windows: a task in Task Scheduler, whose account may write to the state folder."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from agent.errors import ScheduleError
from agent.scheduling.plan import Account, Job, Plan, ServiceAccount
from agent.scheduling.results import refusal
from agent.scheduling.status import JobStatus
from agent.scheduling.task_xml import task_xml
from contract.blobs import StoreName


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


Run = Callable[[Sequence[str]], None]
"""Runs a program of Windows; raises ScheduleError if it fails."""


class WindowsTasks:
    """The tasks of one store."""

    def __init__(self, service: TaskService, store: StoreName, run: Run) -> None:
        self._service = service
        self._store = store
        self._run = run

    def prepare(self, plan: Plan) -> None:
        """Let the plan's account, which may have no other right there, change the state folder."""
        try:
            plan.state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ScheduleError(
                f"The folder {plan.state} can't be made ({error.strerror}).",
                "Open PowerShell with `Run as administrator`, and run the command there.",
            ) from error
        account = plan.account
        who = f"*{account.sid}" if isinstance(account, ServiceAccount) else account.name
        # (OI)(CI)M: change, also what is made in it later. /T: what is there already.
        self._run(["icacls", str(plan.state), "/grant", f"{who}:(OI)(CI)M", "/T", "/Q"])

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


if sys.platform == "win32":
    import ctypes

    def run_program(command: Sequence[str]) -> None:
        """Run a program of Windows' own; raises ScheduleError with what it says if it fails."""
        folder = ctypes.create_unicode_buffer(260)
        ctypes.windll.kernel32.GetSystemDirectoryW(folder, len(folder))
        program = Path(folder.value) / f"{command[0]}.exe"  # none of that name from another folder
        done = subprocess.run(  # noqa: S603  our own arguments
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="oem",
            errors="replace",
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
            raise ScheduleError(
                f"{command[0]} could not change who may write to {command[1]} ({said}).",
                "Open PowerShell with `Run as administrator`, and run the command there.",
            )
