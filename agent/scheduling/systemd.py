"""Schedules on Linux: a systemd service and its timer, for the whole system or for one user."""

import sys
from contextlib import suppress
from pathlib import Path

from agent.errors import ScheduleError
from agent.replacing import replace_file
from agent.scheduling.ownership import given, not_given
from agent.scheduling.plan import Job, Plan, TakeBack
from agent.scheduling.status import JobStatus
from agent.scheduling.systemctl import RUNNING, Systemctl, last_code, moment
from agent.scheduling.units import service, timer
from contract.blobs import StoreName

if sys.platform != "win32":
    import grp

SYSTEM_UNITS = Path("/etc/systemd/system")
_ARC_GROUP = "himds"  # who may read the answers of Azure Arc's identity service
_PROOF_SECONDS = 660.0  # a little longer than systemd lets it run
_AGAIN = "Put that right, then run the command again."
_BEGAN = "ExecMainStartTimestamp"
_OF_SERVICE = (
    *("LoadState", "ActiveState", "Result", "User"),
    *(_BEGAN, "ExecMainExitTimestamp", "ExecMainCode", "ExecMainStatus"),
)
_OF_TIMER = (
    *("LoadState", "UnitFileState", "ActiveState"),
    *("LastTriggerUSec", "NextElapseUSecRealtime"),
)


class SystemdUnits:
    """The units of one store, in the system's folder or in a user's."""

    def __init__(self, store: StoreName, *, is_system: bool, own: str) -> None:
        """`own` is the account that runs this program."""
        user_units = Path.home() / ".config" / "systemd" / "user"
        self._folder = SYSTEM_UNITS if is_system else user_units
        self._own = own
        self._name = f"shopmaster-{store}"
        self._is_system = is_system
        self._systemctl = Systemctl(is_system)

    def prepare(self, plan: Plan) -> TakeBack:
        """Make the state folder, and give it to the account; return what gives it back."""
        if not self._is_system and plan.account.name != self._own:
            raise ScheduleError(
                f"With --user the upload runs as {self._own}, not as {plan.account.name}.",
                "Leave out --account, or leave out --user and run the command as root (`sudo`).",
            )
        try:
            plan.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            return given(plan.state, plan.account.name) if self._is_system else not_given
        except LookupError as error:
            raise ScheduleError(
                f"This computer has no account {plan.account.name}.", "Correct --account."
            ) from error
        except OSError as error:
            raise self._denied(plan.state, error) from error

    def register(self, plan: Plan, job: Job, proof: str = "") -> None:
        """Write the job's units, and let systemd read them; a timer begins at once."""
        groups = _groups() if self._is_system else ()
        text = service(plan, job, is_system=self._is_system, groups=groups, proof=proof)
        units = {self._service(job): text}
        if job is Job.RUN:
            units[self._timer] = timer(plan)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for name, text in units.items():
                replace_file(self._folder / name, text.encode(), lambda file: file.chmod(0o644))
        except OSError as error:
            raise self._denied(self._folder, error) from error
        self._systemctl.do("daemon-reload")
        if job is Job.RUN:
            self._systemctl.do("enable", self._timer)
            self._systemctl.do("restart", self._timer)  # so that new times hold at once

    def start(self, job: Job) -> None:
        """Run the job's service until it ends; `status` tells how."""
        unit = self._service(job)
        has_succeeded = self._systemctl.attempt("start", unit, seconds=_PROOF_SECONDS)
        if not has_succeeded and _BEGAN not in self._systemctl.properties(unit, _BEGAN):
            scope = "" if self._is_system else "--user "
            raise ScheduleError(
                f"systemd could not start {unit}.",
                f"`journalctl {scope}-u {unit}` says why; put that right.",
            )

    def status(self, job: Job) -> JobStatus | None:
        """Return what systemd says about the job."""
        found = self._systemctl.properties(self._service(job), *_OF_SERVICE)
        timing = self._systemctl.properties(self._timer, *_OF_TIMER)
        units = [found] if job is Job.PROOF else [found, timing]
        if any(unit.get("LoadState") != "loaded" for unit in units):
            return None
        is_timed = (timing.get("UnitFileState"), timing.get("ActiveState")) == ("enabled", "active")
        return JobStatus(
            is_enabled=job is Job.PROOF or is_timed,
            is_running=found.get("ActiveState") in RUNNING,
            account=found.get("User") or ("root" if self._is_system else self._own),
            last_run=moment(found.get(_BEGAN)) or moment(timing.get("LastTriggerUSec")),
            last_code=last_code(found),
            next_run=moment(timing.get("NextElapseUSecRealtime")),
        )

    def unregister(self, job: Job) -> bool:
        """Remove the job's units."""
        names = [self._service(job)] if job is Job.PROOF else [self._service(job), self._timer]
        there = [name for name in names if (self._folder / name).exists()]
        if self._timer in there:
            self._systemctl.do("disable", "--now", self._timer)
        try:
            for name in there:
                (self._folder / name).unlink()
        except OSError as error:
            raise self._denied(self._folder, error) from error
        if there:
            self._systemctl.attempt("reset-failed", *there)  # only what has failed can be reset
            self._systemctl.do("daemon-reload")
        return bool(there)

    @property
    def _timer(self) -> str:
        return f"{self._name}.timer"

    def _service(self, job: Job) -> str:
        return f"{self._name}{'-proof' if job is Job.PROOF else ''}.service"

    def _denied(self, folder: Path, error: OSError) -> ScheduleError:
        if not isinstance(error, PermissionError):
            return ScheduleError(f"{folder} can't be changed ({error.strerror}).", _AGAIN)
        remedy = "Run the command as root (`sudo`)"
        if self._is_system:
            remedy += ", or add --user to schedule it for yourself alone"
        return ScheduleError(f"{folder} can't be changed ({error.strerror}).", f"{remedy}.")


def _groups() -> tuple[str, ...]:
    """Return the groups that the service needs, of those that there are on this computer."""
    if sys.platform != "win32":
        with suppress(KeyError):
            return (grp.getgrnam(_ARC_GROUP).gr_name,)
    return ()
