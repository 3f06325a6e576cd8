"""Finds catalogues whose event was lost, runs that nobody works on, and stores that have fallen silent."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from contract.blobs import UNKNOWN_STORE, ResumeName, StoreName, UnusableName, parse_name, run_of
from contract.run import DELIVERED, RunState
from function_app.events import SilentStore
from function_app.ports import (
    Catalogs,
    CatalogVersion,
    RetryQueue,
    RetryRequest,
    RunRecords,
    RunSummary,
)

MISSED_AFTER = timedelta(minutes=5)
"""How old a blob may be before its event counts as lost."""

SILENT_AFTER = timedelta(hours=26)
"""How long after its last success a store is silent: a daily run, and two hours that it may be late."""

CLOSED_AFTER = timedelta(days=14)
"""How long after its last run of any kind a store is taken for closed, and nobody is told any more."""

_DAMAGED_AFTER = timedelta(minutes=10)
_IDLE_AFTER = {
    RunState.SENDING.value: timedelta(minutes=10),  # a record is saved after every batch
    RunState.WAITING.value: timedelta(minutes=45),  # one wait lasts half an hour at most
}
_STATES = frozenset(state.value for state in RunState)
_AT_ONCE = timedelta(0)


@dataclass(slots=True)
class Swept:
    """What a sweep came across."""

    found: int = 0
    """How many blobs and runs were left behind, and are queued now."""

    silent: list[SilentStore] = field(default_factory=list)


def sweep(catalogs: Catalogs, records: RunRecords, queue: RetryQueue, now: datetime) -> Swept:
    """Queue every blob and run that was left behind, and see which stores have fallen silent.

    What can't be read of one store doesn't keep the others waiting: an ExceptionGroup tells at the end.
    """
    swept, errors = Swept(), list[Exception]()
    for store, versions in _by_store(catalogs.all(), records.stores()):
        try:
            runs = list(records.summaries(store))
            if (silent := silence(store, runs, now)) is not None:
                swept.silent.append(silent)
            for request in _left_lying(store, versions, runs, records, now):
                queue.put(request, _AT_ONCE)
                swept.found += 1
        except Exception as error:  # noqa: BLE001  # raised below
            error.add_note(f"This is about store {store}.")
            errors.append(error)
    if errors:
        raise ExceptionGroup("the sweep could not look at every store", errors)
    return swept


def silence(store: StoreName, runs: Collection[RunSummary], now: datetime) -> SilentStore | None:
    """Return since when a store has had no success, if that is too long ago; None if all is well."""
    if store == UNKNOWN_STORE or not runs:
        return None
    last_success = max((run.saved for run in runs if run.state in DELIVERED), default=None)
    since = last_success or min(run.saved for run in runs)
    is_open = now - max(run.saved for run in runs) < CLOSED_AFTER
    return SilentStore(store, last_success) if is_open and now - since > SILENT_AFTER else None


def _by_store(
    versions: Iterable[CatalogVersion], with_records: Iterable[StoreName]
) -> Iterator[tuple[StoreName, list[CatalogVersion]]]:
    """Yield each store once, with its blobs; one may have only records left."""
    strays: list[CatalogVersion] = []
    without_blobs = set(with_records)
    for _, folder in groupby(versions, lambda version: version.name.partition("/")[0]):
        good: list[CatalogVersion] = []
        for version in folder:
            (strays if _store(version.name) == UNKNOWN_STORE else good).append(version)
        if good:
            without_blobs.discard(_store(good[0].name))
            yield _store(good[0].name), good
    yield UNKNOWN_STORE, strays
    for store in sorted(without_blobs - {UNKNOWN_STORE}):
        yield store, []


def _left_lying(
    store: StoreName,
    versions: list[CatalogVersion],
    summaries: Iterable[RunSummary],
    records: RunRecords,
    now: datetime,
) -> Iterator[RetryRequest]:
    runs = {summary.run: summary for summary in summaries}
    requests = {}
    for version in versions:
        name, request = parse_name(version.name), RetryRequest(version.name, version.etag)
        _, run = run_of(name, version.etag)
        is_resume = isinstance(name, ResumeName)
        if not is_resume:
            requests[run] = request
        if (is_resume or run not in runs) and now - version.modified > MISSED_AFTER:
            yield request
    for summary in runs.values():
        if is_idle(summary, now):
            stored = records.load(store, summary.run)
            if stored is not None and stored.run is not None:
                if not stored.run.state.is_final:  # the listing doesn't always say
                    yield RetryRequest(stored.run.catalog, stored.run.etag)
            elif summary.run in requests:  # the record is damaged: it begins anew
                yield requests[summary.run]


def is_idle(summary: RunSummary, now: datetime) -> bool:
    """Return whether an unfinished run's record is so old that nobody can be working on it."""
    if summary.state not in _STATES:
        return now - summary.saved > _DAMAGED_AFTER
    idle_after = _IDLE_AFTER.get(summary.state or "")
    return idle_after is not None and now - summary.saved > idle_after


def _store(blob: str) -> StoreName:
    name = parse_name(blob)
    return UNKNOWN_STORE if isinstance(name, UnusableName) else name.store
