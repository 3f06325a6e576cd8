"""Whether other users of this computer may read a secret in the settings file, or change the file."""

import re
import shlex
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.settings.file import RawSettings, variable
from agent.settings.windows_rights import (
    everybody_may_read,
    others_may_change,
    others_may_replace,
    sddl_of,
)

ASSIGNED_SECRET = re.compile(
    r"\b(sig|accountkey|sharedaccesssignature|pwd|password)(\s*=\s*)(\{[^}]*\}|[^\s;&'\"]+)",
    re.IGNORECASE,
)
"""A secret in a connection string or an address: its name, the equals sign, and the secret itself."""

# By number, since the names differ between languages: SYSTEM, administrators, and NETWORK SERVICE, which
# runs the schedule if no other account was chosen.
_ON_WINDOWS = (
    'Run `icacls "{file}" /inheritance:r /grant:r *S-1-5-18:F *S-1-5-32-544:F *S-1-5-20:R` as an '
    "administrator (the last is NETWORK SERVICE: name your account instead if another one runs the "
    "schedule)"
)

_TO_ADMINISTRATORS = '`icacls "{place}" /setowner *S-1-5-32-544`, then `icacls "{place}" /reset`'  # as ProgramData says


@dataclass(frozen=True, slots=True)
class Exposure:
    """What others may do with the settings, in sentences for the owner."""

    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.cause} {self.remedy}"


def exposure(
    raw: RawSettings,
    platform: str = sys.platform,
    sddl: Callable[[Path], str] = sddl_of,
) -> Exposure | None:
    """Return a warning if others may read a secret that the settings file contains.

    `sddl` returns a file's access control list on Windows, where its mode says nothing.
    """
    if raw.file is None:
        return None
    file = raw.file.absolute()
    keys = [
        key
        for key, entry in raw.in_file.items()
        if isinstance(entry.value, str) and ASSIGNED_SECRET.search(entry.value)
    ]
    on_windows = platform == "win32"
    if not keys or not (everybody_may_read(sddl(file)) if on_windows else _is_open(file)):
        return None
    closing = f"Run `chmod 600 {shlex.quote(str(file))}`"
    how = _ON_WINDOWS.replace("{file}", str(file)) if on_windows else closing
    return Exposure(
        f"Other users of this computer may read the settings file {file}, which contains a secret "
        f"({', '.join(keys)}).",
        f"{how}, or move the secret to the environment variable "
        f"{' and '.join(map(variable, keys))}.",
    )


def changeable(
    file: Path | None,
    machine_wide: Path,
    platform: str = sys.platform,
    sddl: Callable[[Path], str] = sddl_of,
) -> Exposure | None:
    """Return a warning if others than administrators may change Windows' `machine_wide` settings.

    Everybody may make that folder before an administrator does, and files in it, and owns them then.
    """
    if platform != "win32" or file is None or file.absolute() != machine_wide.absolute():
        return None
    folder = machine_wide.parent
    places = [
        *([folder] if others_may_replace(sddl(folder)) else []),
        *([machine_wide] if others_may_change(sddl(machine_wide)) else []),
    ]
    if not places:
        return None
    commands = ", then ".join(_TO_ADMINISTRATORS.replace("{place}", str(each)) for each in places)
    return Exposure(
        f"Other users of this computer may change {machine_wide}, and so where the scheduled upload "
        "sends what.",
        f"As an administrator, run {commands}. Then see with `shopmaster configure` that the settings are "
        "yours.",
    )


def _is_open(file: Path) -> bool:
    return bool(file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
