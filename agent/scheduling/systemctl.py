"""Calls `systemctl`, and reads what it says about a unit."""

import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.errors import ScheduleError

_SECONDS = 30.0
_OPTIONS = ("--no-ask-password", "--no-pager")
_IN_PLAIN_TERMS = ("/usr/bin/env", "-u", "LD_LIBRARY_PATH", "LC_ALL=C", "TZ=UTC")
"""Moments in English and in UTC, and the system's own libraries: the executable has others for itself."""

_OTHERWISE = "Let its own scheduler start `shopmaster schedule run --config FILE`."
_NO_SYSTEMD = "not been booted with systemd"
_NO_BUS = "Failed to connect to "
"""The system's systemd can always be reached, a user's own only in a session of that user's."""

RUNNING = ("activating", "active", "reloading", "deactivating")
_KILLED = ("2", "3")  # CLD_KILLED, CLD_DUMPED: what ended it is a signal


@dataclass(frozen=True, slots=True)
class Systemctl:
    """The system's systemd, or that of one user."""

    is_system: bool

    def do(self, *words: str, seconds: float = _SECONDS) -> None:
        """Do what the words say; raises ScheduleError with systemd's reason."""
        done = self._run(words, seconds)
        if done.returncode:
            raise self._refused(words, done)

    def attempt(self, *words: str, seconds: float = _SECONDS) -> bool:
        """Do what the words say, and return whether it succeeded."""
        return self._run(words, seconds).returncode == 0

    def properties(self, unit: str, *names: str) -> Mapping[str, str]:
        """Return the properties of a unit that have a value; raises ScheduleError."""
        words = ("show", f"--property={','.join(names)}", unit)
        done = self._run(words, _SECONDS)
        if done.returncode:
            raise self._refused(words, done)
        pairs = (line.partition("=") for line in done.stdout.splitlines())
        return {name: value for name, _, value in pairs if value}

    def _run(self, words: tuple[str, ...], seconds: float) -> "subprocess.CompletedProcess[str]":
        program = shutil.which("systemctl")
        if program is None:
            raise ScheduleError("This computer has no systemd.", _OTHERWISE)
        scope = () if self.is_system else ("--user",)
        try:
            return subprocess.run(  # noqa: S603  our own arguments
                [*_IN_PLAIN_TERMS, program, *scope, *_OPTIONS, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ScheduleError(
                f"systemd gave no answer to `systemctl {' '.join(words)}` within {seconds:g} s.",
                "Try again, or restart the computer.",
            ) from error

    def _refused(
        self, words: tuple[str, ...], done: "subprocess.CompletedProcess[str]"
    ) -> ScheduleError:
        said = (done.stderr or done.stdout).strip().replace("\n", " ")
        if _NO_SYSTEMD in said or (self.is_system and _NO_BUS in said):
            return ScheduleError(f"systemd doesn't run here ({said}).", _OTHERWISE)
        return ScheduleError(
            f"`systemctl {' '.join(words)}` failed ({said or f'exit code {done.returncode}'}).",
            "Run the command as root."
            if self.is_system
            else "Sign in to this computer as yourself, not with `su` or `sudo`, and run it there.",
        )


def last_code(service: Mapping[str, str]) -> int | None:
    """Return how a service's last run ended, by its properties and as a shell would say it.

    None if it runs, or has not run yet. What systemd itself could not do counts as failed.
    """
    has_failed = service.get("Result", "success") != "success"
    has_ended = has_failed or moment(service.get("ExecMainExitTimestamp")) is not None
    if service.get("ActiveState") in RUNNING or not has_ended:
        return None
    status = int(service.get("ExecMainStatus", "0"))
    if service.get("ExecMainCode") in _KILLED:
        return 128 + status
    return status or int(has_failed)


def moment(text: str | None) -> datetime | None:
    """Read a moment as systemctl prints it in UTC; None if there is none."""
    with suppress(ValueError):
        return datetime.strptime(text or "", "%a %Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    return None
