"""Keeps a catalogue until it is uploaded: in memory, or in the temporary folder if it is large."""

import errno
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TypeVar

from agent.errors import AgentError

T = TypeVar("T")

IN_MEMORY = 8 << 20
"""The most bytes that are kept in memory."""

_REASONS = {
    errno.ENOSPC: "it is full",
    errno.EDQUOT: "this account may store no more there",
    errno.EROFS: "it is read-only",
    errno.EACCES: "this account may not write there",
    errno.EPERM: "this account may not write there",
}


@contextmanager
def temporary_file(fill: Callable[[IO[bytes]], T]) -> Iterator[tuple[IO[bytes], T]]:
    """Open a file, let `fill` write to it, and give the block the file and what `fill` returned.

    Raises AgentError when the temporary folder can't be written to. The file is gone after the block.
    """
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  closing it may fail, too
    try:
        try:
            result = fill(file)
            file.flush()
        except OSError as error:
            raise _unwritable(error) from error
        yield file, result
    finally:
        with suppress(OSError):  # what is still buffered, and has no room
            file.close()


def _unwritable(error: OSError) -> AgentError:
    try:
        folder = tempfile.gettempdir()
    except OSError:  # it tries several, and none of them can be written to
        begin = "No folder for temporary files can be written to"
    else:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        begin = f"The folder for temporary files, {folder}, can't be written to: {reason}"
    return AgentError(
        f"{begin}. Nothing was uploaded.",
        "Make room there, or name another folder in the environment variable TMPDIR (on Windows TEMP).",
    )
