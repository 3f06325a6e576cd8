"""One invocation's work on one run: examine → claim → lease → token → batches → outcome."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from contract.blobs import parse_name, run_of
from contract.compression import CatalogError
from contract.product import Product
from contract.run import Run, RunError, RunState
from contract.run_record import stamp
from function_app import outcomes
from function_app.answers import Answer, Unavailable
from function_app.batching import batches, total_batches
from function_app.claiming import claim_newest, is_newest, is_outdated
from function_app.delivery import Delivery
from function_app.errors import (
    RecordConflictError,
    SlowExaminationError,
    TokenMissingError,
    TokenStoreError,
)
from function_app.events import refused, token_read
from function_app.examining import examine, sendable
from function_app.in_doubt import Doubt
from function_app.ordering import CatalogAge
from function_app.ports import CatalogVersion, Lease, Ports, RetryRequest, RunSummary
from function_app.recording import RecordedRun
from function_app.repeats import content_of, earlier_runs, is_delivered
from function_app.retrying import RetryPolicy
from function_app.sending import Sender
from function_app.token import StoredToken, is_expired
from function_app.turns import Turns

logger = logging.getLogger(__name__)

_AT_ONCE = timedelta(0)
_SHORT_DELAY = timedelta(seconds=2)
_LONG_DELAY = timedelta(seconds=30)
_UNMENTIONED = timedelta(seconds=5)
_LONGEST_EXAMINATION = 480.0  # seconds: before the sweep takes the run for abandoned
_SLOW_TO_READ = RunError(
    "slow", "Reading through the catalogue took longer than there is time for it."
)
_SLOW = RunError(
    "slow", "This took so long that no product was delivered in the time that there is for it."
)


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """How catalogues are delivered."""

    isolate: bool = False
    """Whether a refused batch is halved until the products at fault stand alone."""

    concurrency: int = 1
    """How many batches of a run may be under way at once."""

    longest_doubt: timedelta = timedelta(minutes=1)
    """How long after its sender gave up, or died, a POST may still be carried out."""

    time_limit: float = 1_620.0
    """Seconds after which an invocation hands its run over through the queue."""

    policy: RetryPolicy = RetryPolicy()  # noqa: RUF009  # frozen


@dataclass(frozen=True, slots=True)
class Attempt:
    """Takes one run as far as it gets; its record says how far that was."""

    ports: Ports
    options: UploadOptions
    turns: Turns
    recorded: RecordedRun
    version: CatalogVersion

    def work(self) -> None:
        """Return once the run has ended, comes back through the queue, or is another worker's.

        Raises CatalogGoneError, RecordConflictError, LeaseLostError, and whatever storage raises.
        """
        ends_at = self.ports.clock.monotonic() + self.options.time_limit
        store = self.recorded.run.store
        # Before it is read: a pile of old catalogues must not keep others waiting.
        if is_outdated(self.ports, store, self._age, self._is_current):
            self._end_superseded()
            return
        first = self.recorded.run.batches_total is None
        if first and not self._examine_in_turn(ends_at):
            return
        # Not before the catalogue is known to be good: a broken one must not stop an older one.
        if not claim_newest(self.ports, store, self._age, self._is_current):
            self._end_superseded()
            return
        lease = self.ports.locks.acquire(store)
        if lease is None:
            self._wait_for_store()
            return
        doubt = Doubt(
            lease.in_doubt, self.recorded.run.run, self.options.longest_doubt, self.ports.clock.now
        )
        try:
            self.recorded.reload()
            if self.recorded.is_left_alone():
                return
            if not is_newest(self.ports, store, self._age):
                self._end_superseded()
            elif self._is_repeat():
                self.recorded.end(outcomes.repeated(self.recorded.run, self.ports.clock.now()))
            else:
                self._deliver(lease, doubt, ends_at, again=not first)
        finally:
            lease.release(doubt.left)

    @property
    def _age(self) -> CatalogAge:
        """The catalogue's place in the order of its store's."""
        content = self.recorded.run.content
        if content is None:
            return CatalogAge(self.version.name, self.version.etag, self.version.modified)
        return CatalogAge(self.version.name, content.etag, content.modified_at)

    def _is_current(self) -> bool:
        current = self.ports.catalogs.current(self.version.name)
        return current is not None and current.etag == self.version.etag

    def _is_repeat(self) -> bool:
        """Return whether these bytes were delivered as an earlier version, which was merely touched."""
        content = self.recorded.run.content
        if content is None or content.etag == self.version.etag:
            return False
        return is_delivered(self._earlier_runs(content.sha256))

    def _earlier_runs(self, sha256: str) -> list[RunSummary]:
        store, run = run_of(parse_name(self.version.name), "")
        return earlier_runs(self.version, sha256, self.ports.records.summaries(store, run))

    def _examine_in_turn(self, ends_at: float) -> bool:
        """Read through the catalogue if it is its turn; return False if the run ends or comes back."""
        with self.turns.take(self.recorded.run.store, self.ports.clock) as wait:
            if wait is None:
                return self._examine(ends_at)
        self._come_back(wait)
        return False

    def _examine(self, ends_at: float) -> bool:
        """Read through the catalogue; return False if that ended the run."""
        self.recorded.save(self.recorded.run)  # so that the owner sees that it is being checked
        run, version, clock = self.recorded.run, self.version, self.ports.clock
        ends_at = min(ends_at, clock.monotonic() + _LONGEST_EXAMINATION)
        blocks = self.ports.catalogs.blocks(version)

        def is_over() -> bool:
            return clock.monotonic() > ends_at

        try:
            found = examine(blocks, version.metadata, version.size, is_over)
        except CatalogError as error:
            self.recorded.end(outcomes.unreadable(run, error, self.ports.clock.now()))
            return False
        except SlowExaminationError:
            self._end_or_wait(outcomes.waiting(run, _SLOW_TO_READ, clock.now()))
            return False
        run = replace(
            run,
            read=found.read,
            rejected=found.rejected,
            rejections=found.rejections,
            batches_total=total_batches(found.sendable),
        )
        if not found.sendable:
            self.recorded.end(outcomes.nothing_to_send(run, found.keys, self.ports.clock.now()))
            return False
        earlier = self._earlier_runs(found.sha256)
        run = replace(run, content=content_of(version, found.sha256, earlier))
        self.recorded.save(run)
        return True

    def _wait_for_store(self) -> None:
        """Come back in a while; if another run has had the store for some time, let the record say so."""
        run, now = self.recorded.run, self.ports.clock.now()
        waits = now - run.updated_at
        if self.ports.locks.sender(run.store) == run.run:
            # The record belongs to that worker. If it has just been saved, the worker is alive. Otherwise it
            # may have died a moment ago: ask soon, and then less and less often, until its lease ends.
            self._come_back(_LONG_DELAY if waits < _SHORT_DELAY else min(waits, _LONG_DELAY))
        elif run.state is not RunState.WAITING and waits < _UNMENTIONED:
            self._come_back(_SHORT_DELAY)
        else:
            self._end_or_wait(outcomes.store_busy(run, now))

    def _deliver(self, lease: Lease, doubt: Doubt, ends_at: float, *, again: bool) -> None:
        if doubt.held_until is not None:
            now = self.ports.clock.now()
            self._end_or_wait(outcomes.held(self.recorded.run, doubt.held_until, now))
            return
        token = self._good_token()
        if token is None:
            return
        recorded, clock, run = self.recorded, self.ports.clock, self.recorded.run
        begun_at = run.checkpoint
        recorded.save(
            replace(
                run.moved_to(RunState.SENDING),
                message=f"Sending {run.not_sent:,} products to Digible.",
                attempt=run.attempt + again,
                error=None,
                retry_at=None,
            )
        )
        logger.info("run %s of store %s: attempt %d", run.run, run.store, recorded.run.attempt)

        def is_interrupted() -> bool:
            return recorded.is_superseded or clock.monotonic() >= ends_at

        lease.note(doubt.sending)
        with self.ports.connect() as digible:

            def post(products: Sequence[Product]) -> Answer:
                # For every POST: between two tries, too, another worker may have taken the store.
                lease.ensure()
                answer = digible.send(products, token, lease.sure_until)
                if isinstance(answer, Unavailable) and answer.in_doubt:
                    doubt.add()
                return answer

            sender = Sender(post, clock, self.options.policy, ends_at)
            delivery = Delivery(
                sender.send, recorded.settle, is_interrupted, isolates=self.options.isolate
            )
            products = sendable(self.ports.catalogs.blocks(self.version), self.version.metadata)
            delivery.run(batches(products, run.checkpoint), self.options.concurrency)
        self._conclude(delivery, any_progress=recorded.run.checkpoint != begun_at)

    def _good_token(self) -> StoredToken | None:
        """Return the store's token, or None, with the reason in the record, if it can't be used."""
        run, now = self.recorded.run, self.ports.clock.now()
        try:
            token = self.ports.tokens.token(run.store)
        except TokenMissingError as missing:
            self.recorded.end(outcomes.session_expired(run, str(missing), now))
        except TokenStoreError as error:
            self._end_or_wait(outcomes.waiting(run, RunError("token_store", str(error)), now))
        else:
            self.ports.telemetry.report(token_read(run, token, now), run)
            if not is_expired(token, now):
                return token
            detail = "The stored token is past its expiry."
            self.recorded.end(outcomes.session_expired(run, detail, now))
        return None

    def _conclude(self, delivery: Delivery, *, any_progress: bool) -> None:
        run, now = self.recorded.run, self.ports.clock.now()
        if self.recorded.is_superseded:  # whatever else happened to the batches under way
            self._end_superseded()
        elif delivery.trouble is not None:
            stopped = outcomes.stopped(run, delivery.trouble, now)
            if stopped.error is not None:
                self.ports.telemetry.report(refused(run, stopped.error), run)
            self._end_or_wait(stopped)
        elif delivery.was_interrupted and any_progress:
            self._come_back(_AT_ONCE)
        elif delivery.was_interrupted:
            self._end_or_wait(outcomes.waiting(run, _SLOW, now))
        else:
            self.recorded.end(outcomes.completed(run, delivery.message, now))

    def _end_superseded(self) -> None:
        self.recorded.end(outcomes.superseded(self.recorded.run, self.ports.clock.now()))

    def _end_or_wait(self, run: Run) -> None:
        if run.retry_at is None:
            self.recorded.end(run)
            return
        # The message first: if saving the record fails, nobody needs the message.
        delay = max(_AT_ONCE, run.retry_at - self.ports.clock.now())
        self._come_back(delay, due=stamp(run.retry_at))
        try:
            self.recorded.end(run)
        except RecordConflictError:
            logger.info("run %s of store %s is another worker's now", run.run, run.store)

    def _come_back(self, delay: timedelta, due: str | None = None) -> None:
        again = RetryRequest(self.version.name, self.version.etag, due=due)
        self.ports.queue.put(again, delay)
