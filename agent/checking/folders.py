"""Checks the folders that an upload writes to: the one for temporary files, and its own for notes."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent.checking.row import Row, Subject, failed, ok
from agent.errors import AgentError
from agent.state import unwritable
from agent.temporary_file import IN_MEMORY, temporary_file


def temporary_folder_rows() -> Iterator[Row]:
    """Yield the row about the temporary folder, which gets a file as an upload would write it."""
    try:
        with temporary_file(lambda file: file.write(bytes(IN_MEMORY + 1))):
            pass
    except AgentError as error:
        yield failed(Subject.TEMPORARY_FOLDER, error)
    else:
        yield ok(Subject.TEMPORARY_FOLDER, tempfile.gettempdir())


def state_folder_rows(folder: Path) -> Iterator[Row]:
    """Yield the row about the folder for notes; nothing is left there, and it isn't made."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if there == folder:
            tempfile.TemporaryFile(dir=folder).close()
        elif not os.access(there, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        yield failed(Subject.STATE_FOLDER, unwritable(folder, error))
    else:
        yield ok(Subject.STATE_FOLDER, str(folder))
