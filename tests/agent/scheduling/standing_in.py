"""Puts the stand-in for systemctl on the path."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

STAND_IN = Path(__file__).with_name("systemctl_stand_in.py")


@dataclass(frozen=True)
class Systemd:
    """What the stand-in was asked, and what it has."""

    folder: Path

    @property
    def units(self) -> Path:
        return self.folder / "units"

    @property
    def calls(self) -> list[str]:
        lines = (self.folder / "calls").read_text("utf-8").splitlines()
        return [line.partition("--no-pager ")[2] for line in lines]

    def changes(self) -> list[str]:
        """Return the calls that were no question."""
        return [call for call in self.calls if not call.startswith("show")]

    def fail(self, how: str) -> None:
        """Fail from now on: `no-systemd`, `no-bus`, or `denied`."""
        (self.folder / how).touch()

    def mend(self, how: str) -> None:
        """Fail no longer in that way."""
        (self.folder / how).unlink()


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    """Put the stand-in on the path, with an empty memory in the folder."""
    programs = folder / "programs"
    for each in (programs, folder / "units"):
        each.mkdir(parents=True)
    program = programs / "systemctl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SYSTEMCTL_STAND_IN", str(folder))
    monkeypatch.setattr("agent.scheduling.systemd.SYSTEM_UNITS", folder / "units")
    return Systemd(folder)
