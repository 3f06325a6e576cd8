"""Writes a catalogue to a local file, which appears under its name only when it is complete."""

import contextlib
import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO

from agent.errors import AgentError, SettingsError

_PLAIN, _PACKED = ".json", ".json.gz"
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"|?*]')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[1-9¹²³]) *(\.|\Z)", re.IGNORECASE
)


def is_packed(path: Path) -> bool:
    """Return whether a file's catalogue is gzipped, by the ending of its name.

    Raises SettingsError for any other ending.
    """
    name = path.name.lower()
    if not name.endswith((_PLAIN, _PACKED)):
        raise SettingsError(
            f"The file {path} of --output must end in {_PLAIN} or {_PACKED}, which decides its format."
        )
    return name.endswith(_PACKED)


def check_name(path: PurePath, platform: str = sys.platform, option: str = "--output") -> None:
    """Raise SettingsError, on Windows, for a name that can't be a file's there; `option` gave it.

    A colon that isn't the drive's would put the catalogue into another file's alternate data
    stream, and `nul.json` is a device. `is_packed` refuses a dot or space at the end.
    """
    if platform == "win32" and (_FORBIDDEN.search(path.name) or _DEVICE.match(path.name)):
        raise SettingsError(
            f"Windows can't have a file named {path.name}. Choose another name with {option}: "
            'without < > : " | ? * and not a device such as CON, NUL or COM1.'
        )


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file next to `path`, and put it there when the block ends without an error.

    Raises AgentError when it can't be written; nothing is left behind then. Raises SettingsError
    as `check_name` does.
    """
    check_name(path)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise AgentError(
            f"The file {path} can't be written ({error.strerror or error}). "
            "Choose another place with --output."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
