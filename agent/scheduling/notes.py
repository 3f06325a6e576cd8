"""The notes that a schedule leaves in the store's state folder: what was installed, and its proof."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.replacing import replace_file
from agent.state import for_everyone, unwritable, writing_to
from contract.run_record import moment

_INSTALLED = "schedule.json"
_PROOF = "schedule-proof.json"
_DAMAGE = (OSError, ValueError, KeyError, TypeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Installed:
    """What was installed, so that one sees later whether somebody changed it."""

    at: datetime
    account: str
    times: str
    program: tuple[str, ...]
    config: Path

    @property
    def program_exists(self) -> bool:
        """Whether the program that is started is still there, as far as we may see."""
        try:
            return Path(self.program[0]).exists()
        except OSError:
            return True


@dataclass(frozen=True, slots=True)
class Proof:
    """What the checks found when they ran as the schedule's account."""

    name: str
    """Which proof it is: another one proves nothing."""

    at: datetime
    account: str
    exit_code: int
    problems: tuple[str, ...]
    """What failed, and what to do about it; empty if the account can upload."""


class Notes:
    """The notes in one state folder; each is written as a whole, and a damaged one counts as missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def installed(self) -> Installed | None:
        """Return what was installed."""
        try:
            note = self._read(_INSTALLED)
            return Installed(
                moment(note["at"]),
                str(note["account"]),
                str(note["times"]),
                tuple(map(str, note["program"])),
                Path(note["config"]),
            )
        except _DAMAGE:
            return None

    def note_installed(self, what: Installed) -> None:
        """Remember what was installed; raises AgentError."""
        note = {"account": what.account, "times": what.times, "program": what.program}
        self._write(_INSTALLED, note | {"at": what.at.isoformat(), "config": str(what.config)})

    def forget_installed(self) -> None:
        """Forget what was installed; raises AgentError."""
        try:
            (self._folder / _INSTALLED).unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(self._folder, error) from error

    def proof(self) -> Proof | None:
        """Return the last proof."""
        try:
            note = self._read(_PROOF)
            return Proof(
                str(note["name"]),
                moment(note["at"]),
                str(note["account"]),
                int(note["exit_code"]),
                tuple(map(str, note["problems"])),
            )
        except _DAMAGE:
            return None

    def note_proof(self, proof: Proof) -> None:
        """Remember a proof; raises AgentError."""
        note = {"name": proof.name, "account": proof.account, "exit_code": proof.exit_code}
        note |= {"at": proof.at.isoformat(), "problems": proof.problems}
        self._write(_PROOF, note)

    def _read(self, name: str) -> Mapping[str, Any]:
        note: Mapping[str, Any] = json.loads((self._folder / name).read_text("utf-8"))
        return note

    def _write(self, name: str, note: Mapping[str, object]) -> None:
        text = json.dumps(note, indent=1, ensure_ascii=False) + "\n"
        with writing_to(self._folder):
            replace_file(self._folder / name, text.encode(), prepare=for_everyone)
