"""Where the agent keeps its notes on this computer, and the note of how the last upload ended."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from agent.replacing import replace_file
from contract.blobs import RunId, StoreName
from contract.run import RunState
from contract.run_record import moment, stamp

_HIDDEN = ".shopmaster"
_LAST_RUN = "last-run.json"
_VERSION = 1
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


def state_folder(
    settings_file: Path | None,
    machine_wide: Path,
    store: StoreName,
    named: Path | None = None,
    platform: str = sys.platform,
) -> Path:
    """Return the folder in which the agent keeps what it knows of a store; it need not exist yet.

    It is in the folder `named` in the settings. Otherwise it goes with the settings file: the
    `machine_wide` one has one for all accounts of this computer, any other has one beside it.
    """
    if named is not None:
        return named.absolute() / store
    if settings_file is None:
        return Path(_HIDDEN).absolute() / store
    if settings_file.absolute() != machine_wide.absolute():
        return settings_file.absolute().parent / _HIDDEN / store
    if platform in {"win32", "darwin"}:
        return machine_wide.parent / "state" / store
    return Path("/var/lib/shopmaster") / store


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Make the folder if need be; an OSError in the block becomes an AgentError that names it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(folder: Path, error: OSError) -> AgentError:
    """Return the error for a state folder that can't be written to."""
    return AgentError(
        f"The folder {folder}, in which the agent keeps its notes, can't be written to "
        f"({error.strerror or error}).",
        "Give the account that runs the agent the right to change it, make room there, or name "
        "another folder as `state_folder` in the settings.",
    )


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the last upload (or resumed run) that was started on this computer ended."""

    ended_at: datetime
    exit_code: int
    message: str
    """In a sentence or two, without secrets; never empty."""

    run: RunId | None = None
    """None if it ended before there was a run."""

    state: RunState | None = None
    """The run's state when the agent last saw it."""

    succeeded_at: datetime | None = None
    """When the last one ended of which all products were accepted, but for those that can't be sent."""


def last_run(folder: Path) -> LastRun | None:
    """Return the note of the last upload in a state folder; None if there is none, or it is damaged."""
    try:
        noted: dict[str, Any] = json.loads((folder / _LAST_RUN).read_bytes())
        if noted["version"] != _VERSION:
            return None
        run, state, succeeded_at = noted["run"], noted["state"], noted["succeeded_at"]
        return LastRun(
            ended_at=moment(noted["ended_at"]),
            exit_code=int(noted["exit_code"]),
            message=str(noted["message"]),
            run=None if run is None else RunId(str(run)),
            state=None if state is None else RunState(state),
            succeeded_at=None if succeeded_at is None else moment(succeeded_at),
        )
    except _DAMAGE:
        return None


def note_last_run(folder: Path, ended: LastRun) -> None:
    """Write the note that `last_run` reads, whole or not at all; raises OSError."""
    note = {
        "version": _VERSION,
        "ended_at": stamp(ended.ended_at),
        "exit_code": int(ended.exit_code),
        "message": ended.message,
        "run": ended.run,
        "state": ended.state,
        "succeeded_at": ended.succeeded_at and stamp(ended.succeeded_at),
    }
    data = json.dumps(note, indent=1).encode()
    replace_file(folder / _LAST_RUN, data, prepare=for_everyone)


def for_everyone(path: Path) -> None:
    """Let every account of this computer read a file of which nothing is secret."""
    with suppress(OSError):
        path.chmod(0o644)
