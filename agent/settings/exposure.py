"""Whether other users of this computer may read a secret in the settings file."""

import re
import shlex
import stat
import sys

from agent.settings.file import RawSettings, variable

ASSIGNED_SECRET = re.compile(
    r"\b(sig|accountkey|sharedaccesssignature|pwd|password)(\s*=\s*)(\{[^}]*\}|[^\s;&'\"]+)",
    re.IGNORECASE,
)
"""A secret in a connection string or an address: its name, the equals sign, and the secret itself."""


def exposure(raw: RawSettings, platform: str = sys.platform) -> str | None:
    """Return a warning if others may read a secret that the settings file contains.

    On Windows a file's mode doesn't say who may read it, so there is no warning.
    """
    if raw.file is None or platform == "win32":
        return None
    keys = [
        key
        for key, entry in raw.in_file.items()
        if isinstance(entry.value, str) and ASSIGNED_SECRET.search(entry.value)
    ]
    if not keys or not raw.file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    return (
        f"Other users of this computer may read the settings file {raw.file}, which contains a secret "
        f"({', '.join(keys)}): run `chmod 600 {shlex.quote(str(raw.file))}`, or move the secret to the "
        f"environment variable {' and '.join(map(variable, keys))}."
    )
