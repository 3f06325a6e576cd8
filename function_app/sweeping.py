"""Finds catalogues whose event was lost, runs that nobody works on, and stores that have fallen silent."""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from contract.blobs import (
    UNKNOWN_STORE,
    ResumeName,
    RunId,
    StoreName,
    UnusableName,
    run_of,
)
from contract.run import DELIVERED, SILENT_AFTER, Run, RunState
from contract.run_record import stamp
from function_app import outcomes
from function_app.errors import RecordConflictError
from function_app.events import SilentStore
from function_app.other_blobs import carry_out, meaning, refuse
from function_app.ports import CatalogVersion, Ports, RetryRequest, RunSummary
from function_app.reading import is_being_read
from function_app.recording import RecordedRun, find, run_for

MISSED_AFTER = timedelta(minutes=5)
"""How old a blob may be before its event counts as lost."""

CLOSED_AFTER = timedelta(days=14)
"""How long after its last run of any kind a store is taken for closed, and nobody is told any more."""

_DAMAGED_AFTER = timedelta(minutes=10)
_LEFT_AFTER = timedelta(minutes=2)  # while no worker reads or sends it
_IDLE_AFTER = {
    RunState.SENDING.value: _LEFT_AFTER,
    RunState.WAITING.value: timedelta(minutes=45),  # one wait lasts half an hour at most
}
_STATES = frozenset(state.value for state in RunState)
_ONCE_RECORDED = timedelta(seconds=5)


@dataclass(slots=True)
class Swept:
    """What a sweep came across."""

    unannounced: int = 0
    """How many blobs no event had announced; they are dealt with, or queued, now."""

    left: int = 0
    """How many runs nobody worked on; they are queued now."""

    silent: list[SilentStore] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    """What kept it from looking at a store; each has a note that names the store."""


@dataclass(slots=True)
class _Folder:
    """What there is of a store."""

    versions: list[CatalogVersion] = field(default_factory=list)
    runs: list[RunSummary] = field(default_factory=list)


def sweep(ports: Ports) -> Swept:
    """Queue every blob and run that was left behind, and see which stores have fallen silent.

    Each container is listed once. What is queued has a record that says so, and is not queued again while
    it waits. What can't be read of one store doesn't keep the others waiting.
    """
    swept = Swept()
    for store, folder in _by_store(ports.catalogs.all(), ports.records.all()):
        try:
            if (silent := silence(store, folder.runs, ports.clock.now())) is not None:
                swept.silent.append(silent)
            _take_up(store, folder, ports, swept)
        except Exception as error:  # noqa: BLE001  # its caller raises it, once the rest is told
            error.add_note(f"This is about store {store}.")
            swept.errors.append(error)
    return swept


def silence(store: StoreName, runs: Collection[RunSummary], now: datetime) -> SilentStore | None:
    """Return since when a store has had no success, if that is too long ago; None if all is well."""
    if store == UNKNOWN_STORE or not runs:
        return None
    last_success = max((run.saved for run in runs if run.state in DELIVERED), default=None)
    since = last_success or min(run.saved for run in runs)
    is_open = now - max(run.saved for run in runs) < CLOSED_AFTER
    return SilentStore(store, last_success) if is_open and now - since > SILENT_AFTER else None


def is_idle(summary: RunSummary, now: datetime) -> bool:
    """Return whether an unfinished run's record is so old that nobody can be working on it."""
    if summary.state not in _STATES:
        return now - summary.saved > _DAMAGED_AFTER
    idle_after = _IDLE_AFTER.get(summary.state or "")
    return idle_after is not None and now - summary.saved > idle_after


def _by_store(
    versions: Iterable[CatalogVersion], records: Iterable[tuple[StoreName, RunSummary]]
) -> Iterator[tuple[StoreName, _Folder]]:
    """Yield each store with what there is of it, one store at a time in memory.

    Both come in the order of their blobs' names, in which a folder's are together.
    """
    strays = _Folder()
    both: Iterator[tuple[str, CatalogVersion | RunSummary]] = heapq.merge(
        (("".join(version.name.partition("/")[:2]), version) for version in versions),
        ((f"{store}/", summary) for store, summary in records),
        key=itemgetter(0),
    )
    for name, found in groupby(both, itemgetter(0)):
        folder = _Folder()
        for _, each in found:
            if isinstance(each, RunSummary):
                (strays if name == f"{UNKNOWN_STORE}/" else folder).runs.append(each)
            elif isinstance(meaning(each), UnusableName):
                strays.versions.append(each)
            else:
                folder.versions.append(each)
        yield StoreName(name.removesuffix("/")), folder
    yield UNKNOWN_STORE, strays


def _take_up(store: StoreName, folder: _Folder, ports: Ports, swept: Swept) -> None:
    now = ports.clock.now()
    runs = {summary.run: summary for summary in folder.runs}
    versions: dict[RunId, CatalogVersion] = {}
    for version in folder.versions:
        name = meaning(version)
        _, run = run_of(name, version.etag)
        is_missed = now - version.modified > MISSED_AFTER
        if isinstance(name, ResumeName):
            if is_missed:
                swept.unannounced += 1
                resumed = carry_out(ports, name, version)
                if resumed is not None and not _is_worked_on(resumed.run, ports):
                    _bring_back(resumed, outcomes.noticed_late, ports)
            continue
        versions[run] = version
        if run not in runs and is_missed:
            swept.unannounced += 1
            if isinstance(name, UnusableName):
                refuse(ports, name, version)
            elif find(ports, store, run) is None:  # as it was when the records were listed
                _bring_back(run_for(ports, version), outcomes.noticed_late, ports)
    for summary in runs.values():
        if is_idle(summary, now) and (left := _left(store, summary, versions, ports)) is not None:
            swept.left += _bring_back(left, outcomes.interrupted, ports)


def _left(
    store: StoreName,
    summary: RunSummary,
    versions: dict[RunId, CatalogVersion],
    ports: Ports,
) -> RecordedRun | None:
    """Return the run of an idle record if nobody works on it."""
    recorded = find(ports, store, summary.run)
    if recorded is None:  # the record is damaged: its run begins anew
        version = versions.get(summary.run)
        return None if version is None else run_for(ports, version)
    run = recorded.run
    # It may have moved since it was listed, and the listing doesn't always say.
    moves_at = (run.retry_at or run.updated_at) + _LEFT_AFTER
    if run.state.is_final or ports.clock.now() < moves_at or _is_worked_on(run, ports):
        return None
    return recorded


def _is_worked_on(run: Run, ports: Ports) -> bool:
    if run.state is not RunState.SENDING:
        return False
    if is_being_read(run, ports.clock.now()):
        return True
    # Of a worker that has just taken the store's lease, nothing says yet which run it sends.
    return ports.locks.is_held(run.store) and ports.locks.sender(run.store) in (run.run, None)


def _bring_back(
    recorded: RecordedRun, as_waiting: Callable[[Run, datetime], Run], ports: Ports
) -> bool:
    """Queue a run, and let its record say that it waits for that; return False if a worker has it."""
    waiting = as_waiting(recorded.run, ports.clock.now())
    if waiting.retry_at is None:
        recorded.end(waiting)
        return True
    request = RetryRequest(waiting.catalog, waiting.etag, due=stamp(waiting.retry_at))
    # The message first: if saving the record fails, nobody needs the message.
    ports.queue.put(request, _ONCE_RECORDED)
    try:
        recorded.end(waiting)
    except RecordConflictError:
        return False
    return True
