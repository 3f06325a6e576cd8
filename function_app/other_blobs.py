"""What is among the catalogues and is none: a request to resume a run, or something unusable."""

import logging
from dataclasses import replace

from contract.blobs import (
    BlobName,
    ResumeName,
    UnusableName,
    catalog_names,
    parse_name,
    run_of,
)
from contract.run import Run, RunState
from function_app import outcomes
from function_app.ports import CatalogVersion, Ports
from function_app.recording import CLOCKS_DIFFER_BY, RecordedRun, find, find_or_begin, run_for

logger = logging.getLogger(__name__)

_NOT_EMPTY = (
    "Its name ends like a request to resume an upload, but such a request is an empty file."
)


def meaning(version: CatalogVersion) -> BlobName:
    """Return what a blob is, judging by its name and by whether there is anything in it."""
    name = parse_name(version.name)
    if isinstance(name, ResumeName) and version.size:
        return UnusableName(version.name, _NOT_EMPTY)
    return name


def refuse(ports: Ports, name: UnusableName, version: CatalogVersion) -> None:
    """Record that a blob can't be used."""
    recorded = find_or_begin(
        ports, *run_of(name, version.etag), catalog=name.blob, etag=version.etag
    )
    if not recorded.run.state.is_final:
        recorded.end(outcomes.invalid(recorded.run, name.reason, ports.clock.now()))


def carry_out(ports: Ports, name: ResumeName, request: CatalogVersion | None) -> RecordedRun | None:
    """Reopen the run that a request names and delete the request; `request` is None if that was done.

    Returns the run if there is something left to do for it. One whose record is lost or damaged begins
    anew. A request that names no run leaves a record that says so.
    """
    recorded = find(ports, name.store, name.run)
    if request is not None:
        recorded = recorded or _begun_anew(ports, name)
        if recorded is None:
            _tell_of_no_run(ports, name, request)
        elif _is_asked_for(recorded.run, request):
            recorded.save(_reopened(recorded.run))
        if not ports.catalogs.delete(request.name):
            logger.error(
                "the request to resume run %s of store %s can't be deleted", name.run, name.store
            )
    return recorded if recorded is not None and not recorded.is_left_alone() else None


def _begun_anew(ports: Ports, name: ResumeName) -> RecordedRun | None:
    """Return the run as new if there is its catalogue, still in the version that it delivers."""
    for blob in catalog_names(name.store, name.run):
        version = ports.catalogs.current(blob)
        if version is not None and run_of(parse_name(blob), version.etag) == (name.store, name.run):
            return run_for(ports, version)
    return None


def _tell_of_no_run(ports: Ports, name: ResumeName, request: CatalogVersion) -> None:
    if ports.records.load(name.store, name.run) is not None:
        return  # a damaged record is the sweep's matter
    recorded = find_or_begin(ports, name.store, name.run, catalog=request.name, etag=request.etag)
    recorded.end(outcomes.nothing_to_resume(recorded.run, ports.clock.now()))


def _is_asked_for(run: Run, request: CatalogVersion) -> bool:
    """Return whether a run has ended, and the request to resume it came after that.

    One that came before was carried out, but could not be deleted.
    """
    ended = run.finished_at or run.updated_at
    return run.state.is_resumable and request.modified > ended - CLOCKS_DIFFER_BY


def _reopened(run: Run) -> Run:
    """Return an ended run as it is resumed at a person's request."""
    return replace(
        run.moved_to(RunState.SENDING),
        message="Resumed.",
        error=None,
        finished_at=None,
        waiting_since=None,
        retries=0,
    )
