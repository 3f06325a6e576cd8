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
from function_app.attempt import Attempt
from function_app.errors import CatalogGoneError, LeaseLostError, RecordConflictError
from function_app.options import UploadOptions
from function_app.other_blobs import carry_out, meaning, refuse
from function_app.ports import CatalogVersion, Ports, RetryRequest
from function_app.recording import CLOCKS_DIFFER_BY, find, find_or_begin, run_for
from function_app.turns import Turns
from function_app.work import Work

logger = logging.getLogger(__name__)

_FAILED_DELAY = timedelta(minutes=1)
_ABANDONED_DELAY = timedelta(minutes=5)
_BUSY_DELAY = timedelta(minutes=1)
_CHECK_DELAY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Uploader:
    """Delivers catalogues to Digible; every trigger but the sweep calls one of its methods.

    One object serves all threads of a process. Its methods return once there is nothing left for this
    invocation to do: the run has ended, comes back through the queue, or is another worker's.
    """

    ports: Ports
    options: UploadOptions
    turns: Turns = field(default_factory=Turns)

    def upload(self, blob: str) -> None:
        """A blob is new or has changed: deliver it, or carry out a resume request.

        Raises only what also keeps it from coming back through the queue: the host tries a blob five times
        within half a second (as measured), and then gives it up.
        """
        try:
            self._upload_in_turn(blob)
        except Exception:
            self.ports.queue.put(RetryRequest(blob, None), _FAILED_DELAY)
            logger.exception("%s could not be dealt with; trying again in a minute", blob)

    def retry(self, request: RetryRequest) -> None:
        """A blob has come back through the queue: deliver it, if it is still the version meant.

        Whatever storage raises is passed on: the host tries a message five times, some seconds apart.
        """
        if isinstance(name := parse_name(request.catalog), CatalogName):
            self.turns.come_back(name.store)
        self._upload(request.catalog, request.etag, request)

    def abandon(self, request: RetryRequest) -> None:
        """Every invocation for a blob has failed: try again in some minutes, and then record its run as failed.

        A run that got further in those tries goes on: its workers died, but not because of it.
        """
        name, etag = parse_name(request.catalog), request.etag
        version = self.ports.catalogs.current(request.catalog)
        if etag is None:
            if version is None:
                return
            etag = version.etag
        store, run = run_of(name, etag)
        recorded = find(self.ports, store, run)
        acknowledged = recorded.run.batches_acknowledged if recorded is not None else 0
        if request.acknowledged is None or acknowledged > request.acknowledged:
            again = RetryRequest(request.catalog, request.etag, acknowledged)
            self.ports.queue.put(again, _ABANDONED_DELAY)
            logger.warning(
                "run %s of store %s has failed several times; trying again in five minutes",
                run,
                store,
            )
        elif isinstance(name, ResumeName):
            logger.error("run %s of store %s can't be resumed", run, store)
        elif recorded is not None or (version is not None and version.etag == etag):
            self._fail(request, store, run, etag)

    def _fail(self, request: RetryRequest, store: StoreName, run: RunId, etag: str) -> None:
        lease = self.ports.locks.acquire(store)
        if lease is None:
            self.ports.queue.put(request, _BUSY_DELAY)
            return
        try:
            recorded = find_or_begin(self.ports, store, run, catalog=request.catalog, etag=etag)
            if not recorded.is_left_alone():
                recorded.end(outcomes.abandoned(recorded.run, self.ports.clock.now()))
        finally:
            lease.release(lease.in_doubt)

    def _upload_in_turn(self, blob: str) -> None:
        name = parse_name(blob)
        if isinstance(name, CatalogName):
            wait = self.turns.wait(name.store, self.ports.clock)
            if wait is not None:
                self.ports.queue.put(RetryRequest(blob, None), wait)
                return
        self._upload(blob)

    def _upload(
        self, blob: str, etag: str | None = None, request: RetryRequest | None = None
    ) -> None:
        version = self.ports.catalogs.current(blob)
        name = parse_name(blob) if version is None else meaning(version)
        match name:
            case ResumeName():
                recorded = carry_out(self.ports, name, version)
                if recorded is not None:
                    self._upload(recorded.run.catalog, recorded.run.etag)
            case UnusableName():
                if version is not None:
                    refuse(self.ports, name, version)
            case CatalogName():
                if version is not None and etag in (None, version.etag):
                    self._work(*run_of(name, version.etag), version, request)
                elif etag is not None:
                    self._end_gone(*run_of(name, etag), overwritten=version is not None)
            case _:
                assert_never(name)

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
            recorded = run_for(self.ports, version)
            due = _due(recorded.run)
            if request is not None and request.due not in (None, due) and recorded.due_in:
                return  # another message brings it back
            if not recorded.is_left_alone():
                with self.ports.telemetry.attempt(recorded.run):
                    work = Work(self.ports, recorded, version)
                    Attempt(work, self.options, self.turns).make()
            elif request is not None and timedelta(0) < recorded.due_in < CLOCKS_DIFFER_BY:
                self.ports.queue.put(replace(again, due=due), recorded.due_in)
        except (RecordConflictError, LeaseLostError) as taken:
            # If that worker dies, nobody else may know about the run.
            logger.info("run %s of store %s: %s", run, store, taken)
            self.ports.queue.put(again, _CHECK_DELAY)
        except CatalogGoneError as gone:
            self._end_gone(store, run, overwritten=gone.overwritten)
        except Exception as error:
            logger.warning(
                "run %s of store %s is interrupted: %s", run, store, type(error).__name__
            )
            raise


def _due(run: Run) -> str | None:
    """Return when a waiting run is due, as its record and its message say it; None for any other."""
    return stamp(run.retry_at) if run.state is RunState.WAITING and run.retry_at else None
