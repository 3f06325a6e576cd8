"""Runs a program of Windows' own, and none of that name from another folder."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended."""

    exit_code: int
    said: str
    """What it printed, in the language of Windows; its exit code if it printed nothing."""


RunWindows = Callable[[str, Sequence[str]], Done]
"""Runs the program of that name, such as `icacls`, with arguments, and waits for its end."""


if sys.platform == "win32":
    import ctypes
    from pathlib import Path

    def run_windows(name: str, arguments: Sequence[str]) -> Done:
        """Run a program in Windows' system folder, and return how it ended; raises OSError."""
        folder = ctypes.create_unicode_buffer(260)
        ctypes.windll.kernel32.GetSystemDirectoryW(folder, len(folder))
        done = subprocess.run(  # noqa: S603  our own arguments
            [Path(folder.value) / f"{name}.exe", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="oem",
            errors="replace",
            check=False,
        )
        said = " ".join((done.stderr or done.stdout).split())
        return Done(done.returncode, said or f"exit code {done.returncode}")
