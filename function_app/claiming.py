"""Makes a store's newest good catalogue the one that is delivered, and stops the run of an older one."""

from collections.abc import Callable

from contract.blobs import StoreName, parse_name, run_of
from function_app import outcomes
from function_app.errors import RecordConflictError
from function_app.ordering import CatalogAge
from function_app.ports import Ports
from function_app.recording import find

_MARKING_TRIES = 20


def is_outdated(
    ports: Ports, store: StoreName, catalog: CatalogAge, is_current: Callable[[], bool]
) -> bool:
    """Return whether the store is known to have a newer good catalogue.

    `is_current` returns whether the catalogue's version is the one stored under its name now.
    """
    note = ports.locks.newest(store)
    noted = note.newest if note is not None else None
    if noted is None:  # a lost or damaged note is no evidence of a newer one
        return False
    return noted != catalog and not catalog.is_newer_than(noted, is_current)


def claim_newest(
    ports: Ports, store: StoreName, catalog: CatalogAge, is_current: Callable[[], bool]
) -> bool:
    """Note `catalog` as its store's newest good one, and mark the runs of the one it replaces superseded.

    Returns False, and does neither, if there is a newer one.
    """
    while True:
        note = ports.locks.newest(store)
        noted = note.newest if note is not None else None
        if noted == catalog:
            return True
        if noted is not None and not catalog.is_newer_than(noted, is_current):
            return False
        if ports.locks.note_newest(store, catalog, note.version if note else None):
            break
    if noted is not None:
        _supersede(ports, store, noted)
    return True


def is_newest(ports: Ports, store: StoreName, catalog: CatalogAge) -> bool:
    """Return whether no newer good catalogue has come since `catalog` was claimed."""
    note = ports.locks.newest(store)
    # Only a newer one can have replaced it.
    return note is None or note.newest in (None, catalog)


def _supersede(ports: Ports, store: StoreName, older: CatalogAge) -> None:
    """Mark an older catalogue's unfinished runs: their workers stop after the batch under way."""
    _, stem = run_of(parse_name(older.name), "")
    for summary in list(ports.records.summaries(store, stem)):
        if summary.content is None or summary.content.etag != older.etag:
            continue
        for _ in range(_MARKING_TRIES):
            recorded = find(ports, store, summary.run)
            if recorded is None or recorded.run.state.is_final:
                break
            try:
                recorded.end(outcomes.superseded(recorded.run, ports.clock.now()))
            except RecordConflictError:
                continue  # its worker saved a batch in between
            break
