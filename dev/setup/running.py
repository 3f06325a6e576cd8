"""How a set-up step runs a tool: one progress line, no other output, one sentence if it fails."""

from __future__ import annotations  # so that an older Python gets as far as the version check

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
LOCK_SECONDS = 600
"""How long set-up waits for another apt-get to finish."""

ON_WINDOWS = os.name == "nt"
PYTHON_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
VENV_PYTHON = VENV / ("Scripts/python.exe" if ON_WINDOWS else "bin/python")
SITE_PACKAGES = VENV / ("Lib" if ON_WINDOWS else f"lib/python{PYTHON_VERSION}") / "site-packages"


class SetUpError(Exception):
    """A step failed; the message is one sentence that says which and what to do."""


def say(step: str) -> None:
    """Print the progress line of a step that is starting."""
    print(f"{step} …", flush=True)


def run(
    command: Sequence[Path | str],
    failure: str,
    settings: Mapping[str, str] | None = None,
    directory: Path = ROOT,
) -> None:
    """Run a tool silently; if it fails, show its output and raise SetUpError with `failure`."""
    _check(_done(command, failure, settings, directory), failure)


def _done(
    command: Sequence[Path | str],
    failure: str,
    settings: Mapping[str, str] | None = None,
    directory: Path = ROOT,
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [str(argument) for argument in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(settings or {})},
            cwd=directory,
            check=False,
        )
    except OSError as error:
        raise SetUpError(f"{failure} ({error})") from error


def _check(done: subprocess.CompletedProcess[bytes], failure: str) -> None:
    if done.returncode:
        print(done.stdout.decode(errors="replace").rstrip())
        raise SetUpError(failure)


def can_use_apt() -> bool:
    """Return whether this process is root on Debian, Ubuntu or a similar system."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> None:
    """Install Debian packages as root; raise SetUpError if that fails.

    Wait up to LOCK_SECONDS for another apt-get to finish.
    """
    # One broken source makes an update fail even if everything needed was fetched. The install
    # shows whether it was.
    _apt_get("update")
    failure = f"apt-get could not install {' '.join(packages)}."
    _check(_apt_get("install", "-y", "--no-install-recommends", *packages), failure)


def _apt_get(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run apt-get, and retry while another one holds one of its locks."""
    # apt-get's own waiting (DPkg::Lock::Timeout) does not cover the locks on package lists and
    # archives.
    settings = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    deadline = time.monotonic() + LOCK_SECONDS
    waiting = False
    while True:
        done = _done(["apt-get", *arguments], "apt-get could not be run.", settings)
        is_locked = done.returncode != 0 and b"Could not get lock" in done.stdout
        if not is_locked or time.monotonic() > deadline:
            return done
        if not waiting:
            say(f"Waiting for another apt-get to finish (up to {LOCK_SECONDS // 60} minutes)")
        waiting = True
        time.sleep(1)


def empty_folder(name: str) -> Path:
    """Create a folder under .tools to build something in; it is moved into place when complete."""
    folder = TOOLS / name
    if folder.exists():  # left by an interrupted set-up
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def move(built: Path, place: Path) -> None:
    """Move what was built to its place, replacing what was there."""
    if place.exists():
        shutil.rmtree(place)
    built.rename(place)
