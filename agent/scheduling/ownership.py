"""Gives a folder to the account of a schedule on Linux, and back."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from agent.scheduling.plan import TakeBack


def not_given() -> None:
    """Take nothing back."""


if sys.platform == "win32":

    def given(folder: Path, account: str) -> TakeBack:  # noqa: ARG001  as on Linux
        """Give nothing: a folder has another kind of rights on Windows."""
        return not_given
else:
    import pwd

    def given(folder: Path, account: str) -> TakeBack:
        """Give a folder and what is in it to an account, and return what gives it back to its owner.

        Raises LookupError if there is no such account, and OSError if this one may not do that.
        """
        entry, before = pwd.getpwnam(account), folder.stat()

        def take_back() -> None:
            with suppress(OSError):
                _give(folder, before.st_uid, before.st_gid)

        try:
            _give(folder, entry.pw_uid, entry.pw_gid)
        except OSError:
            take_back()
            raise
        return take_back

    def _give(folder: Path, user: int, group: int) -> None:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, user, group, follow_symlinks=False)
