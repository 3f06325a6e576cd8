"""The use case: one version of a catalogue → token → batches → Digible → its run record."""

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import assert_never

from contract.blobs import (
    CatalogName,
    ResumeName,
    RunId,
    StoreName,
    UnusableName,
    parse_name,
    run_of,
)
from contract.run import Run, RunState
from contract.run_record import stamp
from function_app import outcomes
from function_app.attempt import Attempt, UploadOptions
from function_app.errors import CatalogGoneError, RecordConflictError
from function_app.ports import CatalogVersion, Ports, RetryRequest
from function_app.recording import find, find_or_begin
from function_app.turns import Turns

logger = logging.getLogger(__name__)

_ABANDONED_DELAY = timedelta(minutes=1)
_CHECK_DELAY = timedelta(seconds=30)
_CLOCKS_DIFFER_BY = timedelta(minutes=5)  # at most: what comes earlier is another matter


@dataclass(frozen=True, slots=True)
class Uploader:
    """Delivers catalogues to Digible; every trigger but the sweep calls one of its methods.

    One object serves all threads of a process. Its methods return once there is nothing left for this
    invocation to do: the run has ended, comes back through the queue, or is another worker's. Whatever
    storage raises is passed on, and the host repeats the invocation.
    """

    ports: Ports
    options: UploadOptions
    turns: Turns = field(default_factory=Turns)

    def upload(self, blob: str) -> None:
        """A blob is new or has changed: deliver it, or carry out a resume request."""
        name = parse_name(blob)
        if isinstance(name, CatalogName):
            wait = self.turns.wait(name.store, self.ports.clock)
            if wait is not None:
                self.ports.queue.put(RetryRequest(blob, None), wait)
                return
        self._upload(blob)

    def retry(self, request: RetryRequest) -> None:
        """A blob has come back through the queue: deliver it, if it is still the version meant."""
        if isinstance(name := parse_name(request.catalog), CatalogName):
            self.turns.come_back(name.store)
        self._upload(request.catalog, request.etag, request)

    def abandon(self, blob: str, etag: str | None, acknowledged: int = 0) -> None:
        """Record as failed the run of a version of a blob for which every invocation has failed.

        A run that has got beyond `acknowledged` batches goes on: its workers died, but not because of it.
        """
        name = parse_name(blob)
        if isinstance(name, ResumeName):
            return  # the person who asked sees that nothing happened
        if etag is None:
            version = self.ports.catalogs.current(blob)
            if version is None:
                return
            etag = version.etag
        store, run = run_of(name, etag)
        lease = self.ports.locks.acquire(store)
        if lease is None:
            self.ports.queue.put(RetryRequest(blob, etag, acknowledged), _ABANDONED_DELAY)
            return
        try:
            recorded = find_or_begin(self.ports, store, run, catalog=blob, etag=etag)
            if recorded.is_left_alone():
                return
            if recorded.run.batches_acknowledged > acknowledged:
                again = RetryRequest(blob, etag, recorded.run.batches_acknowledged)
                self.ports.queue.put(again, timedelta(0))
            else:
                recorded.end(outcomes.abandoned(recorded.run, self.ports.clock.now()))
        finally:
            lease.release(lease.in_doubt)

    def _upload(
        self, blob: str, etag: str | None = None, request: RetryRequest | None = None
    ) -> None:
        match name := parse_name(blob):
            case ResumeName(store, run):
                self._resume(blob, store, run)
            case UnusableName():
                self._refuse(name)
            case CatalogName():
                version = self.ports.catalogs.current(blob)
                if version is not None and etag in (None, version.etag):
                    self._work(*run_of(name, version.etag), version, request)
                elif etag is not None:
                    self._end_gone(*run_of(name, etag), overwritten=version is not None)
            case _:
                assert_never(name)

    def _refuse(self, name: UnusableName) -> None:
        version = self.ports.catalogs.current(name.blob)
        if version is None:
            return
        recorded = find_or_begin(
            self.ports, *run_of(name, version.etag), catalog=name.blob, etag=version.etag
        )
        if not recorded.run.state.is_final:
            recorded.end(outcomes.invalid(recorded.run, name.reason, self.ports.clock.now()))

    def _resume(self, request: str, store: StoreName, run: RunId) -> None:
        recorded = find(self.ports, store, run)
        version = self.ports.catalogs.current(request)
        if recorded is not None and version is not None and _is_asked_for(recorded.run, version):
            recorded.save(_reopened(recorded.run))
        if not self.ports.catalogs.delete(request):
            logger.error("the resume request of run %s of store %s can't be deleted", run, store)
        if recorded is None:
            logger.error("store %s has no such run to resume", store)
        elif not recorded.is_left_alone():
            self._upload(recorded.run.catalog, recorded.run.etag)

    def _end_gone(self, store: StoreName, run: RunId, *, overwritten: bool) -> None:
        recorded = find(self.ports, store, run)
        if recorded is not None and not recorded.run.state.is_final:
            end = outcomes.superseded if overwritten else outcomes.deleted
            recorded.end(end(recorded.run, self.ports.clock.now()))

    def _work(
        self,
        store: StoreName,
        run: RunId,
        version: CatalogVersion,
        request: RetryRequest | None,
    ) -> None:
        again = RetryRequest(version.name, version.etag)
        try:
            recorded = find_or_begin(
                self.ports,
                store,
                run,
                catalog=version.name,
                etag=version.etag,
                traceparent=version.metadata.traceparent,
            )
            due = _due(recorded.run)
            if request is not None and request.due is not None and due not in (None, request.due):
                return  # another message brings it back
            if not recorded.is_left_alone():
                with self.ports.telemetry.attempt(recorded.run):
                    Attempt(self.ports, self.options, self.turns, recorded, version).work()
            elif request is not None and timedelta(0) < recorded.due_in < _CLOCKS_DIFFER_BY:
                self.ports.queue.put(replace(again, due=due), recorded.due_in)
        except RecordConflictError:
            # If that worker dies, nobody else may know about the run.
            logger.info("run %s of store %s is another worker's now", run, store)
            self.ports.queue.put(again, _CHECK_DELAY)
        except CatalogGoneError as gone:
            self._end_gone(store, run, overwritten=gone.overwritten)


def _due(run: Run) -> str | None:
    """Return when a waiting run is due, as its record and its message say it; None for any other."""
    return stamp(run.retry_at) if run.state is RunState.WAITING and run.retry_at else None


def _is_asked_for(run: Run, request: CatalogVersion) -> bool:
    """Return whether a run has ended, and the request to resume it came after that.

    One that came before was carried out, but could not be deleted.
    """
    ended = run.finished_at or run.updated_at
    return run.state.is_resumable and request.modified > ended - _CLOCKS_DIFFER_BY


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
