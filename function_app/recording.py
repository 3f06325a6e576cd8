"""Keeps a run, its record and its events identical, and notices when another worker wrote the record."""

import logging
from dataclasses import replace
from datetime import timedelta

from contract.blobs import RunId, StoreName, parse_name, run_of
from contract.run import Run, RunState
from function_app import events
from function_app.errors import RecordConflictError
from function_app.ports import CatalogVersion, Ports
from function_app.settling import BatchOutcome, settle

logger = logging.getLogger(__name__)

CLOCKS_DIFFER_BY = timedelta(minutes=5)
"""How far two clocks may differ at most: what is earlier by more than that is another matter."""

_EARLY = timedelta(seconds=2)
"""How far two workers' clocks usually differ."""


class RecordedRun:
    """A run, and the version of its record that describes it."""

    def __init__(self, ports: Ports, run: Run, version: str | None) -> None:
        self.run = run
        self._records = ports.records
        self._clock = ports.clock
        self._telemetry = ports.telemetry
        self._version = version
        self._mark: Run | None = None

    @property
    def is_superseded(self) -> bool:
        """Whether a newer catalogue's run has marked this one superseded."""
        return self._mark is not None

    def save(self, run: Run) -> None:
        """Write `run` as the record; raises RecordConflictError if another worker has changed it."""
        run = self._as_marked(replace(run, updated_at=self._clock.now()))
        is_new = self._version is None
        try:
            self._version = self._records.save(run, self._version)
        except RecordConflictError:
            stored = self._records.load(run.store, run.run)
            if stored is not None and stored.run is not None:
                if stored.run.state is not RunState.SUPERSEDED:
                    raise
                self._mark = stored.run
                run = self._as_marked(run)
            # Deleted, damaged, or marked by a run that doesn't know the counts, which are known here.
            self._version = self._records.save(run, stored.version if stored else None)
        self.run = run
        if is_new:
            self._telemetry.report(events.started(run), run)

    def settle(self, outcome: BatchOutcome) -> None:
        """Write the run as a batch's outcome leaves it; raises as `save`."""
        self.save(settle(self.run, outcome))
        if outcome.settled:
            self._telemetry.report(events.acknowledged(self.run, outcome), self.run)

    def _as_marked(self, run: Run) -> Run:
        """Return `run` with the end that the mark gives it: counts still change, the state doesn't."""
        mark = self._mark
        if mark is None:
            return run
        return replace(
            run,
            state=mark.state,
            message=mark.message,
            error=mark.error,
            finished_at=mark.finished_at,
            retry_at=None,
        )

    def end(self, run: Run) -> None:
        """Write `run`, which has ended or is waiting, as the record, and log its state and counts."""
        was_marked = self.is_superseded
        self.save(run)
        run = self.run
        if not was_marked:  # the run that marked this one has reported its end
            for event in events.ended(run):
                self._telemetry.report(event, run)
        logger.info(
            "run %s of store %s is %s%s: %d accepted, %d rejected, %d not sent",
            run.run,
            run.store,
            run.state,
            _reason(run),
            run.accepted,
            run.rejected,
            run.not_sent,
        )

    def is_left_alone(self) -> bool:
        """Return whether there is nothing to do now: the run has ended, or is not yet due.

        A message that brings it back is then already in the queue; another one would be one too many.
        """
        return self.run.state.is_final or self.due_in > _EARLY

    @property
    def due_in(self) -> timedelta:
        """How long a waiting run has to wait; zero for any other."""
        retry_at = self.run.retry_at
        return max(timedelta(0), retry_at - self._clock.now()) if retry_at else timedelta(0)

    def reload(self) -> None:
        """Read the record again: another worker may have continued the run in the meantime."""
        stored = self._records.load(self.run.store, self.run.run)
        if stored is not None and stored.run is not None:
            self.run, self._version = stored.run, stored.version


def _reason(run: Run) -> str:
    """Return, for the log, why a run has ended or waits; not in Digible's words, which may name products."""
    error = run.error
    if error is None:
        return ""
    if error.http_status is not None:
        reason = f"{error.kind}, HTTP {error.http_status}"
    elif error.kind == "invalid_catalog":  # its words quote the catalogue
        reason = error.kind
    else:
        reason = f"{error.kind}: {error.detail}"
    until = f", until {run.retry_at:%H:%M:%S} UTC" if run.retry_at else ""
    return f" ({reason}{until})"


def find(ports: Ports, store: StoreName, run: RunId) -> RecordedRun | None:
    """Return a run that has a readable record, or None."""
    stored = ports.records.load(store, run)
    if stored is None or stored.run is None:
        return None
    return RecordedRun(ports, stored.run, stored.version)


def run_for(ports: Ports, version: CatalogVersion) -> RecordedRun:
    """Return the run that delivers a version of a catalogue, as `find_or_begin` does."""
    return find_or_begin(
        ports,
        *run_of(parse_name(version.name), version.etag),
        catalog=version.name,
        etag=version.etag,
        traceparent=version.metadata.traceparent,
    )


def find_or_begin(
    ports: Ports,
    store: StoreName,
    run: RunId,
    *,
    catalog: str,
    etag: str,
    traceparent: str | None = None,
) -> RecordedRun:
    """Return a run from its record; without a record, or with a damaged one, begin it anew.

    A new run has no record yet: the first `save` raises RecordConflictError if another worker has begun it.
    """
    stored = ports.records.load(store, run)
    if stored is not None and stored.run is not None:
        return RecordedRun(ports, stored.run, stored.version)
    now = ports.clock.now()
    new = Run(
        run=run,
        store=store,
        catalog=catalog,
        etag=etag,
        state=RunState.SENDING,
        message="The catalogue has arrived.",
        started_at=now,
        updated_at=now,
        traceparent=traceparent,
    )
    return RecordedRun(ports, new, stored.version if stored else None)
