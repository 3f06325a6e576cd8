"""Decides which catalogue of a store goes on: the newest good one, whichever run finds it out."""

from contract.blobs import StoreName, parse_name, run_of
from function_app import outcomes
from function_app.errors import RecordConflictError
from function_app.ordering import CatalogAge
from function_app.ports import CatalogVersion, Ports
from function_app.recording import find

_MARKING_TRIES = 20


def claim_newest(ports: Ports, store: StoreName, catalog: CatalogVersion) -> bool:
    """Note `catalog` as its store's newest good one; False if there is a newer one.

    The run of the catalogue that it replaces is marked superseded.
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
    """Tell whether no newer good catalogue has come since `catalog` was claimed."""
    note = ports.locks.newest(store)
    # Only a newer one can have taken its place. A lost or damaged note says nothing against it.
    return note is None or note.newest in (None, catalog.age)


def _supersede(ports: Ports, store: StoreName, older: CatalogAge) -> None:
    """Mark an older catalogue's run, if it goes on: its worker stops after the batch under way."""
    _, run = run_of(parse_name(older.name), older.etag)
    for _ in range(_MARKING_TRIES):
        recorded = find(ports.records, ports.clock, store, run)
        if recorded is None or recorded.run.state.is_final:
            return
        try:
            recorded.end(outcomes.superseded(recorded.run, ports.clock.now()))
        except RecordConflictError:
            continue  # its worker saved a batch in between
