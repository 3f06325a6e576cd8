"""Sends a run's batches in order, several at once if configured, and settles each outcome."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context

from contract.product import Product
from function_app.answers import Accepted, Answer, Refused
from function_app.batching import Batch
from function_app.isolating import isolate
from function_app.settling import BatchOutcome, BatchTrouble

_ATTEND_EVERY = 1.0  # seconds


class Delivery:
    """Sends batches until all are settled, one meets trouble, or it is interrupted."""

    def __init__(
        self,
        send: Callable[[Sequence[Product]], Answer],
        settle: Callable[[BatchOutcome], None],
        is_interrupted: Callable[[], bool],
        attend: Callable[[], None],
        *,
        isolates: bool,
    ) -> None:
        """`settle` is called in the calling thread; so are `is_interrupted`, before anything is sent, and
        `attend`, each second that it waits for answers.

        With `isolates`, a refused batch is halved until the products at fault stand alone.
        """
        self.message: str | None = None
        """Digible's last words, if it sent any."""

        self.trouble: BatchTrouble | None = None
        """What stopped it: the trouble of the earliest batch that met any."""

        self.was_interrupted = False
        self._send = send
        self._settle = settle
        self._is_interrupted = is_interrupted
        self._attend = attend
        self._isolates = isolates
        self._under_way: dict[Future[Answer], Batch] = {}
        self._refused: list[tuple[Batch, Refused]] = []

    def run(self, batches: Iterable[Batch], concurrency: int) -> None:
        """Send `batches`, at most `concurrency` at once; settle each outcome before more are sent."""
        with ThreadPoolExecutor(concurrency, thread_name_prefix="batch") as self._pool:
            for batch in self._settling(batches):
                self._make_room(batch, concurrency)
                if self._must_stop():
                    break
                self._under_way[self._begin(batch)] = batch
            self._settle_all()

    def _begin(self, batch: Batch) -> Future[Answer]:
        # With the invocation's context, so that its spans are known to be part of it.
        return self._pool.submit(copy_context().run, self._send, batch.products)

    def _first_of(self, under_way: Iterable[Future[Answer]]) -> set[Future[Answer]]:
        """Wait until there is an answer, or several, and return those."""
        while True:
            done, _ = wait(under_way, _ATTEND_EVERY, FIRST_COMPLETED)
            if done:
                return done
            self._attend()

    def _settling(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches; if reading them fails, settle what is under way first."""
        try:
            yield from batches
        except Exception:
            self._settle_all()
            raise

    def _make_room(self, batch: Batch, concurrency: int) -> None:
        """Wait until `batch` may be sent beside those under way: never beside one that shares an id."""
        while self._under_way and (
            len(self._under_way) >= concurrency
            or any(batch.shares_a_product_with(other) for other in self._under_way.values())
        ):
            self._settle_some()
        if self._refused:  # batches must not pass one another while one is halved
            self._settle_all()

    def _settle_all(self) -> None:
        while self._under_way:
            self._settle_some()
        for batch, refused in sorted(self._refused, key=lambda each: each[0].number):
            self._isolate(batch, refused)
        self._refused.clear()

    def _settle_some(self) -> None:
        done = self._first_of(self._under_way)
        for future in sorted(done, key=lambda each: self._under_way[each].number):
            batch, answer = self._under_way.pop(future), future.result()
            match answer:
                case Accepted(message, warning):
                    whole = len(batch.products)
                    self._note(BatchOutcome(batch, whole, message=message, warning=warning))
                case Refused(about_products=True) if self._isolates:
                    self._refused.append((batch, answer))
                case _:
                    self._note(BatchOutcome(batch, 0, trouble=answer))

    def _isolate(self, batch: Batch, refused: Refused) -> None:
        def send(part: Batch) -> Answer:
            (done,) = self._first_of([self._begin(part)])
            return done.result()

        for outcome in isolate(batch, refused, send):
            self._note(outcome)
            if self._must_stop():
                return

    def _note(self, outcome: BatchOutcome) -> None:
        self.message = outcome.message or self.message
        # Also when a part of a refused batch settles nothing: saving the run shows whether it was superseded.
        if outcome.settled or outcome.trouble is None:
            self._settle(outcome)
        if outcome.trouble is not None:
            met = BatchTrouble(outcome.batch.number, outcome.trouble)
            if self.trouble is None or met.batch < self.trouble.batch:
                self.trouble = met

    def _must_stop(self) -> bool:
        if self.trouble is None and not self.was_interrupted:
            self.was_interrupted = self._is_interrupted()
        return self.trouble is not None or self.was_interrupted
