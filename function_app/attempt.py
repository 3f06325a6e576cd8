"""One invocation's work on one run: read through → claim → lease → token → batches → outcome."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from contract.run import RunState
from function_app import outcomes
from function_app.claiming import claim_newest, is_newest, is_outdated
from function_app.dispatch import Dispatch
from function_app.in_doubt import Doubt
from function_app.options import UploadOptions
from function_app.ordering import CatalogAge
from function_app.ports import Standby
from function_app.reading import is_being_read, read_through, runs_with
from function_app.repeats import is_delivered
from function_app.turns import Turns
from function_app.work import Work

logger = logging.getLogger(__name__)

_SHORT_DELAY = timedelta(seconds=2)
_LONG_DELAY = timedelta(seconds=30)
_UNMENTIONED = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Takes one run as far as it gets; its record says how far that was."""

    work: Work
    options: UploadOptions
    turns: Turns

    def make(self) -> None:
        """Return once the run has ended, comes back through the queue, or is another worker's.

        Raises CatalogGoneError, RecordConflictError, LeaseLostError, and whatever storage raises.
        """
        work = self.work
        ends_at = work.ports.clock.monotonic() + self.options.time_limit
        # Before it is read: a pile of old catalogues must not keep others waiting.
        if is_outdated(work.ports, work.run.store, self._age, self._is_current):
            work.end_superseded()
            return
        if work.version.is_archived:
            work.recorded.end(outcomes.archived(work.run, work.ports.clock.now()))
            return
        if is_being_read(work.run, work.ports.clock.now()):
            logger.info("run %s of store %s is being read", work.run.run, work.run.store)
            work.come_back(_LONG_DELAY)
            return
        with work.ports.queue.stand_by(work.again()) as standby:
            self._take_up(standby, ends_at)

    def _take_up(self, standby: Standby, ends_at: float) -> None:
        work, store = self.work, self.work.run.store
        first = work.run.batches_total is None
        if first and not self._read_in_turn(standby, ends_at):
            return
        # Not before the catalogue is known to be good: a broken one must not stop an older one.
        if not claim_newest(work.ports, store, self._age, self._is_current):
            work.end_superseded()
            return
        lease = work.ports.locks.acquire(store)
        if lease is None:
            self._wait_for_store()
            return
        doubt = Doubt(
            lease.in_doubt, work.run.run, self.options.longest_doubt, work.ports.clock.now
        )
        try:
            work.recorded.reload()
            if not work.recorded.is_left_alone():
                self._deliver(Dispatch(work, self.options, standby, lease, doubt, ends_at), first)
        finally:
            lease.release(doubt.left)

    def _deliver(self, dispatch: Dispatch, first: bool) -> None:
        work = self.work
        if not is_newest(work.ports, work.run.store, self._age):
            work.end_superseded()
        elif self._is_repeat():
            work.recorded.end(outcomes.repeated(work.run, work.ports.clock.now()))
        else:
            dispatch.send(again=not first)

    @property
    def _age(self) -> CatalogAge:
        """The catalogue's place in the order of its store's."""
        version, content = self.work.version, self.work.run.content
        if content is None:
            return CatalogAge(version.name, version.etag, version.modified)
        return CatalogAge(version.name, content.etag, content.modified_at)

    def _is_current(self) -> bool:
        current = self.work.ports.catalogs.current(self.work.version.name)
        return current is not None and current.etag == self.work.version.etag

    def _is_repeat(self) -> bool:
        """Return whether these bytes were delivered as an earlier version, which was merely touched."""
        content = self.work.run.content
        if content is None or content.etag == self.work.version.etag:
            return False
        return is_delivered(runs_with(self.work, content.sha256))

    def _read_in_turn(self, standby: Standby, ends_at: float) -> bool:
        """Read through the catalogue if it is its turn; return False if the run ends or comes back."""
        with self.turns.take(self.work.run.store, self.work.ports.clock) as wait:
            if wait is None:
                return read_through(self.work, standby, ends_at)
        self.work.come_back(wait)
        return False

    def _wait_for_store(self) -> None:
        """Come back in a while; if another run has had the store for some time, let the record say so."""
        work, run, now = self.work, self.work.run, self.work.ports.clock.now()
        waits = now - run.updated_at
        if work.ports.locks.sender(run.store) == run.run:
            # The record belongs to that worker. If it has just been saved, the worker is alive. Otherwise it
            # may have died a moment ago: ask soon, and then less and less often, until its lease ends.
            work.come_back(_LONG_DELAY if waits < _SHORT_DELAY else min(waits, _LONG_DELAY))
        elif run.state is not RunState.WAITING and waits < _UNMENTIONED:
            work.come_back(_SHORT_DELAY)
        else:
            work.end_or_wait(outcomes.store_busy(run, now))
