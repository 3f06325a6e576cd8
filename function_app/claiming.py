"""Makes a store's newest good catalogue the one that is delivered, and stops the run of an older one."""

from contract.blobs import StoreName, parse_name, run_of
from function_app import outcomes
from function_app.errors import RecordConflictError
from function_app.ordering import CatalogAge
from function_app.ports import CatalogVersion, Ports
from function_app.recording import find

_MARKING_TRIES = 20


def claim_newest(ports: Ports, store: StoreName, catalog: CatalogVersion) -> bool:
    """Note `catalog` as its store's newest good one, and mark the run of the one it replaces superseded.

    Returns False, and does neither, if there is a newer one.
    """

    def is_current() -> bool:
        current = ports.catalogs.current(catalog.name)
        return current is not None and current.etag == catalog.etag

    while True:
        note = ports.locks.newest(store)
        noted = note.newest if note is not None else None
        if noted == catalog.age:
            return True
        if noted is not None and not catalog.age.is_newer_than(noted, is_current):
            return False
        if ports.locks.note_newest(store, catalog.age, note.version if note else None):
            break
    if noted is not None:
        _supersede(ports, store, noted)
    return True


def is_newest(ports: Ports, store: StoreName, catalog: CatalogVersion) -> bool:
    """Return whether no newer good catalogue has come since `catalog` was claimed."""
    note = ports.locks.newest(store)
    # Only a newer one can have replaced it. A lost or damaged note is no evidence of one.
    return note is None or note.newest in (None, catalog.age)


def _supersede(ports: Ports, store: StoreName, older: CatalogAge) -> None:
    """Mark an older catalogue's unfinished run: its worker stops after the batch under way."""
    _, run = run_of(parse_name(older.name), older.etag)
    for _ in range(_MARKING_TRIES):
        recorded = find(ports.records, ports.clock, store, run)
        if recorded is None or recorded.run.state.is_final:
            return
        try:
            recorded.end(outcomes.superseded(recorded.run, ports.clock.now()))
        except RecordConflictError:
            continue  # its worker saved a batch in between
