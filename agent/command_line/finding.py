"""Finds the run that the user means, by its id or the beginning of it."""

from collections.abc import Sequence
from typing import Protocol

from agent.errors import SettingsError
from agent.following import RunRecords
from agent.showing import shown
from contract.blobs import ResumeName, RunId, StoreName, parse_name, resume_name
from contract.run import Run

_LOOKED_AT = 50
_SHOWN = 5
_LIST = "`shopmaster status` lists the latest."


class Runs(RunRecords, Protocol):
    """The run records of stores."""

    def runs(self, store: StoreName, most: int) -> Sequence[Run]:
        """Return the store's latest runs, the newest first; raises StorageError."""

    def ask_to_resume(self, store: StoreName, run: RunId) -> None:
        """Ask for a run to be taken up again; raises StorageError."""


def find_run(runs: Runs, store: StoreName, wanted: str) -> Run:
    """Return the run whose id is `wanted`, begins with it, or else contains it.

    Raises SettingsError if there is none among the latest, or there are several; StorageError.
    """
    if not wanted.strip() or not isinstance(
        parse_name(resume_name(store, RunId(wanted))), ResumeName
    ):
        raise SettingsError(f"{shown(wanted)} can't be a run.", _LIST)
    if (exact := runs.read(store, RunId(wanted))) is not None:
        return exact
    latest = runs.runs(store, _LOOKED_AT)
    found = [run for run in latest if run.run.startswith(wanted)]
    found = found or [run for run in latest if wanted in run.run]
    if len(found) == 1:
        return found[0]
    if not found:
        raise SettingsError(f"The store {store} has no run {shown(wanted)}.", _LIST)
    names = ", ".join(shown(run.run) for run in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise SettingsError(
        f"{len(found)} runs begin with {shown(wanted)}, or contain it: {names}{more}.",
        "Write more of the run's id.",
    )
