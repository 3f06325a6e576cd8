"""Schedules on Linux: a systemd service and its timer, for the whole system or for one user."""

import sys
from contextlib import suppress
from pathlib import Path

from agent.errors import ScheduleError
from agent.replacing import replace_file
from agent.scheduling.plan import Job, Plan
from agent.scheduling.status import JobStatus
from agent.scheduling.systemctl import Systemctl, moment
from agent.scheduling.units import service, timer
from contract.blobs import StoreName

SYSTEM_UNITS = Path("/etc/systemd/system")
_ARC_GROUP = "himds"  # who may read the answers of Azure Arc's identity service
_RUNNING = ("activating", "active", "reloading", "deactivating")
_PROOF_SECONDS = 660.0  # a little longer than systemd lets it run


class SystemdUnits:
    """The units of one store, in the system's folder or in a user's."""

    def __init__(self, store: StoreName, *, is_system: bool, folder: Path | None = None) -> None:
        user_units = Path.home() / ".config" / "systemd" / "user"
        self._folder = folder or (SYSTEM_UNITS if is_system else user_units)
        self._name = f"shopmaster-{store}"
        self._is_system = is_system
        self._systemctl = Systemctl(is_system)

    def prepare(self, plan: Plan) -> None:
        """Make the state folder, and give it to the account."""
        try:
            plan.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._is_system:
                _give(plan.state, plan.account.name)
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
        unit, began = self._service(job), "ExecMainStartTimestamp"
        has_succeeded = self._systemctl.attempt("start", unit, seconds=_PROOF_SECONDS)
        if not has_succeeded and began not in self._systemctl.properties(unit, began):
            raise ScheduleError(
                f"systemd could not start {unit}.", "`journalctl -xe` says why; put that right."
            )

    def status(self, job: Job) -> JobStatus | None:
        """Return what systemd says about the job."""
        names = ("ExecMainStartTimestamp", "ExecMainExitTimestamp", "ExecMainStatus", "User")
        found = self._systemctl.properties(
            self._service(job), "LoadState", "ActiveState", "Result", *names
        )
        timing = self._systemctl.properties(
            self._timer,
            *("LoadState", "UnitFileState", "ActiveState"),
            *("LastTriggerUSec", "NextElapseUSecRealtime"),
        )
        units = [found] if job is Job.PROOF else [found, timing]
        if any(unit.get("LoadState") != "loaded" for unit in units):
            return None
        is_running = found.get("ActiveState") in _RUNNING
        ended = not is_running and (
            moment(found.get("ExecMainExitTimestamp")) or found.get("Result") != "success"
        )
        return JobStatus(
            is_enabled=job is Job.PROOF
            or (timing.get("UnitFileState"), timing.get("ActiveState")) == ("enabled", "active"),
            is_running=is_running,
            account=found.get("User") or ("root" if self._is_system else Path.home().name),
            last_run=moment(found.get("ExecMainStartTimestamp"))
            or moment(timing.get("LastTriggerUSec")),
            last_code=int(found.get("ExecMainStatus", "0")) if ended else None,
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
        remedy = "Run the command as root (`sudo`)"
        if self._is_system:
            remedy += ", or add --user to schedule it for yourself alone"
        return ScheduleError(f"{folder} can't be changed ({error.strerror}).", f"{remedy}.")


if sys.platform == "win32":

    def _give(folder: Path, account: str) -> None:
        """Do nothing: there is no systemd on Windows."""

    def _groups() -> tuple[str, ...]:
        return ()
else:
    import grp
    import os
    import pwd

    def _give(folder: Path, account: str) -> None:
        """Give a folder and what is in it to an account; raises LookupError if there is no such account."""
        entry = pwd.getpwnam(account)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)

    def _groups() -> tuple[str, ...]:
        with suppress(KeyError):
            return (grp.getgrnam(_ARC_GROUP).gr_name,)
        return ()
