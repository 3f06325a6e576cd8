"""Lets one upload of a store run at a time on this computer, and says which one is in the way."""

import errno
import getpass
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from agent.errors import AgentError
from agent.showing import shown
from agent.state import writing_to

_NAME = "lock"
_LONGEST = 1_000
_FAR = 1 << 20
"""The byte that is locked: Windows lets nobody read what is, and who has the lock must be readable."""


class BusyError(AgentError):
    """Another upload of the store is running on this computer."""


class Lock:
    """The right to upload, which a `with` block has; nobody else on this computer has it meanwhile.

    The operating system gives it back when the process ends, in whatever way it does. What is left
    in the file then says nothing.
    """

    def __init__(self, folder: Path) -> None:
        """Take the store's state folder; nothing is done there yet."""
        self._folder = folder
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "Lock":
        """Raise BusyError if another process has it, AgentError if the folder can't be used."""
        with writing_to(self._folder):
            # Not created anew, or two processes could lock two files.
            flags = os.O_RDWR | os.O_CREAT | _BINARY
            file = os.fdopen(os.open(self._folder / _NAME, flags, 0o666), "r+b")
            try:
                self._take(file)
            except BaseException:
                file.close()
                raise
        return self

    def _take(self, file: IO[bytes]) -> None:
        if not _lock(file.fileno()):
            raise BusyError(*_busy(file.read(_LONGEST)))
        _introduce(file)
        self._file = file

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            _unlock(self._file.fileno())
            self._file.close()
            self._file = None


def _introduce(file: IO[bytes]) -> None:
    """Write into the lock's file who has it."""
    try:
        account = getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name
        account = ""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    file.truncate(0)
    file.write(json.dumps({"account": account, "process": os.getpid(), "since": now}).encode())
    file.flush()


def _busy(introduction: bytes) -> tuple[str, str]:
    """Return what is in the way, and what to do about it."""
    try:
        holder = json.loads(introduction)
        since = datetime.fromisoformat(holder["since"]).astimezone()
        who = f"process {int(holder['process'])} of the account {shown(holder['account'], 60)}"
        details = f" ({who}, since {since:%Y-%m-%d %H:%M})"
    except (ValueError, KeyError, TypeError, OverflowError):  # it is about to introduce itself
        details = ""
    cause = (
        f"Another upload of this store is running on this computer{details}. "
        "Nothing was uploaded by this one."
    )
    return cause, "Wait until the other one has ended; if it is stuck, end its process."


if sys.platform == "win32":
    import msvcrt

    _LOCKED = frozenset({errno.EACCES, errno.EDEADLK, 0})  # 0 is what Wine says
    _BINARY = os.O_BINARY

    def _lock(file: int) -> bool:
        os.lseek(file, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno not in _LOCKED:
                raise
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True

    def _unlock(file: int) -> None:
        os.lseek(file, _FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    _BINARY = 0

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
