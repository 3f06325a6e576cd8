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
    parse_name,
    run_of,
)
from contract.run import DELIVERED, SILENT_AFTER, Run, RunState
from contract.run_record import stamp
from function_app import outcomes
from function_app.errors import RecordConflictError
from function_app.events import SilentStore
from function_app.other_blobs import carry_out, refuse
from function_app.ports import CatalogVersion, Ports, RetryRequest, RunSummary
from function_app.recording import RecordedRun, find, find_or_begin

MISSED_AFTER = timedelta(minutes=5)
"""How old a blob may be before its event counts as lost."""

CLOSED_AFTER = timedelta(days=14)
"""How long after its last run of any kind a store is taken for closed, and nobody is told any more."""

_DAMAGED_AFTER = timedelta(minutes=10)
_IDLE_AFTER = {
    RunState.SENDING.value: timedelta(minutes=2),  # while the store's lease is free
    RunState.WAITING.value: timedelta(minutes=45),  # one wait lasts half an hour at most
}
_STATES = frozenset(state.value for state in RunState)
_AT_ONCE = timedelta(0)


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
            elif isinstance(parse_name(each.name), UnusableName):
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
        name = parse_name(version.name)
        _, run = run_of(name, version.etag)
        is_missed = now - version.modified > MISSED_AFTER
        if isinstance(name, ResumeName):
            if is_missed:
                swept.unannounced += 1
                _bring_back(carry_out(ports, name, version), outcomes.noticed_late, ports)
            continue
        versions[run] = version
        if run not in runs and is_missed:
            swept.unannounced += 1
            if isinstance(name, UnusableName):
                refuse(ports, name, version)
            elif find(ports, store, run) is None:  # as it was when the records were listed
                _bring_back(_of(store, run, version, ports), outcomes.noticed_late, ports)
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
        return None if version is None else _of(store, summary.run, version, ports)
    if recorded.run.state.is_final:  # the listing doesn't always say
        return None
    is_worked_on = recorded.run.state is RunState.SENDING and ports.locks.is_held(store)
    return None if is_worked_on else recorded


def _of(store: StoreName, run: RunId, version: CatalogVersion, ports: Ports) -> RecordedRun:
    return find_or_begin(
        ports,
        store,
        run,
        catalog=version.name,
        etag=version.etag,
        traceparent=version.metadata.traceparent,
    )


def _bring_back(
    recorded: RecordedRun | None, as_waiting: Callable[[Run, datetime], Run], ports: Ports
) -> bool:
    """Queue a run, and let its record say that it waits for that; return False if a worker has it."""
    if recorded is None:
        return False
    waiting = as_waiting(recorded.run, ports.clock.now())
    if waiting.retry_at is None:
        recorded.end(waiting)
        return True
    request = RetryRequest(waiting.catalog, waiting.etag, due=stamp(waiting.retry_at))
    # The message first: if saving the record fails, nobody needs the message.
    ports.queue.put(request, _AT_ONCE)
    try:
        recorded.end(waiting)
    except RecordConflictError:
        return False
    return True
