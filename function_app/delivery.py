"""Sends a run's batches, in order, several at once if so set, and keeps count of what was settled."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import assert_never

from contract.product import Product, Rejection, Stage, shown_id
from contract.run import Checkpoint, Run
from function_app.batching import BATCH_SIZE, Batch
from function_app.ports import (
    Accepted,
    Answer,
    Clock,
    Refused,
    TokenRefused,
    Unavailable,
    Unreadable,
)
from function_app.retrying import RetryPolicy

Trouble = Refused | TokenRefused | Unreadable | Unavailable


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of one batch."""

    batch: Batch
    settled: int
    """How many of its products, from the first, were accepted or rejected."""

    rejections: tuple[Rejection, ...] = ()
    message: str | None = None
    """Digible's words, if it gave any."""

    trouble: Trouble | None = None
    """What kept the rest of the batch from being sent."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends one batch, trying again and halving as the settings say."""

    send: Callable[[Sequence[Product]], Answer]
    """Posts products once."""

    clock: Clock
    policy: RetryPolicy
    ends_at: float
    """Until when (monotonic seconds) it may go on trying."""

    isolate: bool
    """Whether a refused batch is halved until the products at fault stand alone."""

    def deliver(self, batch: Batch) -> BatchOutcome:
        """Send `batch` until all of it is settled or something stops it."""
        parts = [(0, len(batch.products))]
        rejections: list[Rejection] = []
        accepted, message = 0, None
        while parts:
            start, end = parts.pop()
            answer = self._patiently(batch.products[start:end])
            match answer:
                case Accepted():
                    accepted += end - start
                    message = answer.message or message
                case Refused(about_products=True) if self.isolate and end - start > 1:
                    middle = (start + end) // 2
                    parts += [(middle, end), (start, middle)]
                case Refused(about_products=True) if self.isolate:
                    rejections.append(_rejection(batch, start, answer))
                    if not parts and not accepted and not batch.is_rest:
                        # All of them alone: that is no bad product but a bad request.
                        return BatchOutcome(batch, 0, trouble=answer)
                case Refused() | TokenRefused() | Unreadable() | Unavailable():
                    if not accepted:
                        return BatchOutcome(batch, 0, trouble=answer)
                    return BatchOutcome(batch, start, tuple(rejections), message, answer)
                case _:
                    assert_never(answer)
        return BatchOutcome(batch, len(batch.products), tuple(rejections), message)

    def _patiently(self, products: tuple[Product, ...]) -> Answer:
        begun = self.clock.monotonic()
        policy = replace(self.policy, total=min(self.policy.total, max(0.0, self.ends_at - begun)))
        attempt = 1
        while True:
            answer = self.send(products)
            if not isinstance(answer, Unavailable):
                return answer
            elapsed = self.clock.monotonic() - begun
            pause = policy.wait(attempt, elapsed, answer.retry_after, self.clock.random())
            if pause is None:
                return answer
            self.clock.sleep(pause)
            attempt += 1


def _rejection(batch: Batch, index: int, refused: Refused) -> Rejection:
    product_id = shown_id(batch.products[index].product_id)
    return Rejection(product_id, batch.rows[index], Stage.DIGIBLE, refused.detail)


def settle(run: Run, outcome: BatchOutcome) -> Run:
    """Give the run as it stands after a batch's outcome."""
    batch, position = outcome.batch, run.checkpoint.position
    if outcome.settled == len(batch.products):
        ahead = {*run.checkpoint.ahead, batch.number}
        while (following := position // BATCH_SIZE + 1) in ahead:
            ahead.remove(following)
            position = following * BATCH_SIZE
    elif batch.start == position:
        ahead = set(run.checkpoint.ahead)
        position += outcome.settled
    else:  # there is a gap before it: its settled products can't be told from it, and are sent again
        return run
    settled = replace(
        run.with_rejections(outcome.rejections),
        accepted=run.accepted + outcome.settled - len(outcome.rejections),
        checkpoint=Checkpoint(position, tuple(sorted(ahead))),
        batches_acknowledged=position // BATCH_SIZE + len(ahead),
    )
    return replace(settled, waiting_since=None, retries=0) if outcome.settled else settled


class Interruption(Enum):
    """Why a run stops between two batches."""

    SUPERSEDED = auto()
    OUT_OF_TIME = auto()


@dataclass(frozen=True, slots=True)
class BatchTrouble:
    """Which batch met which trouble."""

    batch: int
    trouble: Trouble


class Delivery:
    """Sends batches until all are settled, or something stops it: then `stopped_by` says what."""

    def __init__(
        self,
        run: Run,
        deliver: Callable[[Batch], BatchOutcome],
        save: Callable[[Run], None],
        interruption: Callable[[], Interruption | None],
    ) -> None:
        self.run = run
        self.message: str | None = None
        self.stopped_by: Interruption | BatchTrouble | None = None
        self._deliver = deliver
        self._save = save
        self._interruption = interruption
        self._under_way: dict[Future[BatchOutcome], Batch] = {}

    def send(self, batches: Iterable[Batch], concurrency: int) -> None:
        """Send `batches`, at most `concurrency` at once; the record is saved after each one."""
        acknowledged = frozenset(self.run.checkpoint.ahead)
        with ThreadPoolExecutor(concurrency, thread_name_prefix="batch") as pool:
            for batch in self._settling(batches):
                if batch.number in acknowledged:
                    continue
                self._make_room(batch, concurrency)
                self.stopped_by = self.stopped_by or self._interruption()
                if self.stopped_by is not None:
                    break
                self._under_way[pool.submit(self._deliver, batch)] = batch
            while self._under_way:
                self._settle_some()

    def _settling(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Give the batches; should reading them fail, what is under way is settled before that goes through."""
        try:
            yield from batches
        except Exception:
            while self._under_way:
                self._settle_some()
            raise

    def _make_room(self, batch: Batch, concurrency: int) -> None:
        """Wait until `batch` may be sent beside what is under way: never beside a repeated id."""
        while self._under_way and (
            len(self._under_way) >= concurrency
            or any(batch.shares_a_product_with(other) for other in self._under_way.values())
        ):
            self._settle_some()

    def _settle_some(self) -> None:
        done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=lambda each: self._under_way[each].number):
            batch = self._under_way.pop(future)
            outcome = future.result()
            self.message = outcome.message or self.message
            if outcome.trouble is not None:
                self._stop(BatchTrouble(batch.number, outcome.trouble))
            if outcome.settled:
                self.run = settle(self.run, outcome)
                self._save(self.run)

    def _stop(self, trouble: BatchTrouble) -> None:
        first = self.stopped_by
        if not isinstance(first, BatchTrouble) or trouble.batch < first.batch:
            self.stopped_by = trouble
