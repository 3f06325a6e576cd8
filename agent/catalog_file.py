"""Writes a catalogue to a local file, which appears under its name only when it is complete."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from agent.errors import AgentError, SettingsError

_PLAIN, _PACKED = ".json", ".json.gz"


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


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file next to `path`, and put it there when the block ends without an error.

    Raises AgentError when it can't be written; nothing is left behind then.
    """
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
