"""The systemd units of a schedule: a hardened service, and the timer that starts it."""

from pathlib import Path, PurePosixPath
from typing import assert_never

from agent.errors import ScheduleError
from agent.scheduling.plan import Daily, Hourly, Job, Plan, Times

_STATE = PurePosixPath("/var/lib")
_TIME_LIMIT = {Job.RUN: "4h", Job.PROOF: "10min"}

# For every unit; a user's own systemd can grant these too.
_HARDENING = """\
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
"""
# These need rights that a user's own systemd doesn't have.
_SYSTEM_HARDENING = """\
CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
"""


def service(
    plan: Plan, job: Job, *, is_system: bool, groups: tuple[str, ...] = (), proof: str = ""
) -> str:
    """Return the service for a job of the plan; its account is also in `groups` while it runs.

    Raises ScheduleError if a path can't be written in a unit.
    """
    what = "Prove that products can be uploaded" if job is Job.PROOF else "Send the products"
    command = (plan.program[0], *plan.arguments(job, proof))
    lines = [
        "[Unit]",
        f"Description={what} (shopMaster, store {plan.store})",
        *(("Wants=network-online.target", "After=network-online.target") if is_system else ()),
        "",
        "[Service]",
        "Type=oneshot",
        f"ExecStart={' '.join(_word(word) for word in command)}",
        f"WorkingDirectory={_path(plan.config.parent)}",
        f"TimeoutStartSec={_TIME_LIMIT[job]}",
        "SuccessExitStatus=4",
        "Nice=10",
    ]
    hardening = _HARDENING
    if is_system:
        lines += [f"User={plan.account.name}", *(f"SupplementaryGroups={name}" for name in groups)]
        lines.append(_writable(plan.state))
        hardening += _SYSTEM_HARDENING
    return "\n".join(lines) + "\n" + hardening


def timer(plan: Plan) -> str:
    """Return the timer that starts the service at the planned times, and catches up a missed one."""
    return f"""\
[Unit]
Description=When the products are sent (shopMaster, store {plan.store})

[Timer]
OnCalendar={_calendar(plan.times)}
AccuracySec=1s
Persistent=true
WakeSystem=false

[Install]
WantedBy=timers.target
"""


def _calendar(times: Times) -> str:
    match times:
        case Daily(at):
            return f"*-*-* {at:%H:%M:%S}"
        case Hourly(minute, second):
            return f"*-*-* *:{minute:02}:{second:02}"
        case _:
            assert_never(times)


def _writable(folder: Path) -> str:
    """Return what lets the service write to the folder: systemd makes it if it is below /var/lib."""
    path = PurePosixPath(folder.as_posix())
    if path.is_relative_to(_STATE) and not set(str(path)) & set(" :"):
        relative = _specifiers(str(path.relative_to(_STATE)))
        return f"StateDirectory={relative}\nStateDirectoryMode=0700"
    return f"ReadWritePaths={_word(str(folder))}"


def _word(text: str) -> str:
    """Return one word of a command as systemd reads it back."""
    escaped = _specifiers(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"'


def _path(path: Path) -> str:
    """Return a path that stands alone on its line."""
    return _specifiers(str(path))


def _specifiers(text: str) -> str:
    if any(ord(character) < ord(" ") for character in text):
        raise ScheduleError(
            f"systemd can't start anything whose path has a line break in it: {text!r}.",
            "Move it to another folder.",
        )
    return text.replace("%", "%%")
