"""Sends what is left of a run to Digible, and concludes what became of it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from contract.product import Product
from contract.run import RunError, RunState
from function_app import outcomes
from function_app.answers import Answer, Unavailable
from function_app.batching import batches
from function_app.delivery import Delivery
from function_app.errors import TokenMissingError, TokenStoreError
from function_app.events import refused, token_read
from function_app.examining import sendable
from function_app.in_doubt import Doubt
from function_app.options import UploadOptions
from function_app.ports import Lease, Standby
from function_app.sending import Sender
from function_app.settling import BatchOutcome, BatchTrouble, progress
from function_app.token import StoredToken, is_expired
from function_app.watching import Watch
from function_app.work import Work

logger = logging.getLogger(__name__)

_SLOW = RunError(
    "slow", "This took so long that no product was delivered in the time that there is for it."
)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Sends a run's products while its store's lease is held."""

    work: Work
    options: UploadOptions
    standby: Standby
    lease: Lease
    doubt: Doubt
    ends_at: float
    """When (monotonic seconds) the run must be handed over."""

    def send(self, *, again: bool) -> None:
        """Send all that is left, and record how the run ends or what it waits for.

        `again` is whether an earlier attempt may have sent some of it. Raises CatalogGoneError,
        RecordConflictError, LeaseLostError, and whatever storage raises.
        """
        work, clock = self.work, self.work.ports.clock
        if self.doubt.held_until is not None:
            work.end_or_wait(outcomes.held(work.run, self.doubt.held_until, clock.now()))
            return
        token = self._good_token()
        if token is None:
            return
        run = work.run
        work.recorded.save(
            replace(
                run.moved_to(RunState.SENDING),
                message=progress(run),
                attempt=run.attempt + again,
                error=None,
                retry_at=None,
            )
        )
        logger.info("run %s of store %s: attempt %d", run.run, run.store, work.run.attempt)
        self.lease.note(self.doubt.sending)
        begun_at = run.checkpoint
        delivery = self._deliver(token)
        self._conclude(delivery, any_progress=work.run.checkpoint != begun_at)

    def _deliver(self, token: StoredToken) -> Delivery:
        work, clock = self.work, self.work.ports.clock
        watch = Watch(work.recorded, self.standby, clock.monotonic)

        def is_interrupted() -> bool:
            self.standby.keep()
            return work.recorded.is_superseded or clock.monotonic() >= self.ends_at

        def settle(outcome: BatchOutcome) -> None:
            watch.settled()
            work.recorded.settle(outcome)

        with work.ports.connect() as digible:

            def post(products: Sequence[Product]) -> Answer:
                # For every POST: between two tries, too, another worker may have taken the store.
                self.lease.ensure()
                answer = digible.send(products, token, self.lease.sure_until)
                if isinstance(answer, Unavailable) and answer.in_doubt:
                    self.doubt.add()
                return answer

            sender = Sender(post, watch.retrying, clock, self.options.policy, self.ends_at)
            delivery = Delivery(
                sender.send, settle, is_interrupted, watch.attend, isolates=self.options.isolate
            )
            version = work.version
            products = sendable(work.ports.catalogs.blocks(version), version.metadata)
            delivery.run(batches(products, work.run.checkpoint), self.options.concurrency)
        watch.log_retries()
        return delivery

    def _good_token(self) -> StoredToken | None:
        """Return the store's token, or None, with the reason in the record, if it can't be used."""
        work, run, now = self.work, self.work.run, self.work.ports.clock.now()
        try:
            token = work.ports.tokens.token(run.store)
        except TokenMissingError as missing:
            work.recorded.end(outcomes.session_expired(run, str(missing), now))
        except TokenStoreError as error:
            work.end_or_wait(outcomes.waiting(run, RunError("token_store", str(error)), now))
        else:
            work.ports.telemetry.report(token_read(run, token, now), run)
            if not is_expired(token, now):
                return token
            detail = "The stored token is past its expiry."
            work.recorded.end(outcomes.session_expired(run, detail, now))
        return None

    def _conclude(self, delivery: Delivery, *, any_progress: bool) -> None:
        work, run, now = self.work, self.work.run, self.work.ports.clock.now()
        if work.recorded.is_superseded:  # whatever else happened to the batches under way
            work.end_superseded()
        elif delivery.trouble is not None:
            self._stop(delivery.trouble)
        elif delivery.was_interrupted and any_progress:
            work.come_back()
        elif delivery.was_interrupted:
            work.end_or_wait(outcomes.waiting(run, _SLOW, now))
        else:
            work.recorded.end(outcomes.completed(run, delivery.message, now))

    def _stop(self, met: BatchTrouble) -> None:
        run, ports = self.work.run, self.work.ports
        logger.warning(
            "run %s of store %s: batch %d of %d: %s",
            run.run,
            run.store,
            met.batch,
            run.batches_total,
            met.trouble.logged,
        )
        stopped = outcomes.stopped(run, met, ports.clock.now())
        if stopped.error is not None:
            ports.telemetry.report(refused(run, stopped.error), run)
        self.work.end_or_wait(stopped)
