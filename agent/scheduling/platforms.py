"""Which scheduler a computer has."""

import getpass
import secrets
import sys
import time
from pathlib import Path

from agent.errors import ScheduleError
from agent.following import Clock
from agent.scheduling.schedule import Schedule
from contract.blobs import StoreName


def schedule_for(
    store: StoreName, state: Path, *, is_user: bool = False, platform: str = sys.platform
) -> Schedule:
    """Return a store's schedule on this computer; `state` is the store's state folder.

    `is_user` asks for one that runs as the user alone, which only Linux has. Raises ScheduleError if the
    system is neither Windows nor Linux.
    """
    # Each is imported late: most commands need none of them.
    clock = Clock(time.monotonic, time.sleep)
    if sys.platform == "win32" and platform == "win32":
        from agent.scheduling.task_service import ComTaskService  # noqa: PLC0415  as said above
        from agent.scheduling.windows import WindowsTasks  # noqa: PLC0415  as said above
        from agent.windows_programs import run_windows  # noqa: PLC0415  as said above

        tasks = WindowsTasks(ComTaskService(), store, run_windows)
        return Schedule(tasks, state, clock, _new_proof)
    if platform == "linux":
        from agent.scheduling.systemd import SystemdUnits  # noqa: PLC0415  as said above

        units = SystemdUnits(store, is_system=not is_user, own=this_account())
        return Schedule(units, state, clock, _new_proof)
    raise ScheduleError(
        "Uploads can be scheduled on Windows and Linux only.",
        "Let this computer's own scheduler start `shopmaster schedule run --config FILE`.",
    )


def this_account() -> str:
    """Return the name of the account that runs this program."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "this account"


def _new_proof() -> str:
    return secrets.token_hex(8)
