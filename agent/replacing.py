"""Replaces a file whole or not at all: whoever reads it sees the old one or the new one, never a part."""

import os
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, data: bytes, prepare: Callable[[Path], None] | None = None) -> None:
    """Write `data` to `path`, which may be a link to the file, and keep who may read a file that exists.

    `prepare` gets the new file while it is still empty, to say who may read it. A new file that it
    doesn't prepare is for this account alone on POSIX, and as its folder says on Windows.
    Raises OSError, or what `prepare` raises; then the old file is as it was.
    """
    path = path.resolve()
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(unfinished, "xb", opener=_for_its_owner) as file:
            if prepare is not None:
                prepare(unfinished)
            else:
                _inherit(path, unfinished)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _put(unfinished, path, keep_rights=prepare is None)
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


if sys.platform == "win32":
    import ctypes

    def _inherit(_old: Path, _new: Path) -> None:
        """Nothing to do: Windows itself keeps the rights when one file replaces another."""

    def _put(new: Path, path: Path, *, keep_rights: bool) -> None:
        if not keep_rights or not path.exists():
            new.replace(path)
        elif not ctypes.windll.kernel32.ReplaceFileW(str(path), str(new), None, 0, None, None):
            raise ctypes.WinError()
else:

    def _inherit(old: Path, new: Path) -> None:
        """Give the new file the owner and the mode of the old one, as far as this account may."""
        with suppress(FileNotFoundError):
            status = old.stat()
            with suppress(PermissionError):
                os.chown(new, status.st_uid, status.st_gid)
            new.chmod(status.st_mode & 0o777)

    def _put(new: Path, path: Path, *, keep_rights: bool) -> None:  # noqa: ARG001  as on Windows
        new.replace(path)
