"""Sends a run's batches in order, several at once if configured, and settles each outcome."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from function_app.batching import Batch
from function_app.settling import BatchOutcome, BatchTrouble


class Delivery:
    """Sends batches until all are settled, one meets trouble, or it is interrupted."""

    def __init__(
        self,
        send: Callable[[Batch], BatchOutcome],
        settle: Callable[[BatchOutcome], None],
        is_interrupted: Callable[[], bool],
    ) -> None:
        """`settle` is called in the calling thread; `is_interrupted` before each batch."""
        self.message: str | None = None
        """Digible's last words, if it sent any."""

        self.trouble: BatchTrouble | None = None
        """What stopped it: the trouble of the earliest batch that met any."""

        self.was_interrupted = False
        self._send = send
        self._settle = settle
        self._is_interrupted = is_interrupted
        self._under_way: dict[Future[BatchOutcome], Batch] = {}

    def run(self, batches: Iterable[Batch], concurrency: int) -> None:
        """Send `batches`, at most `concurrency` at once; settle each outcome before more are sent."""
        with ThreadPoolExecutor(concurrency, thread_name_prefix="batch") as pool:
            for batch in self._settling(batches):
                self._make_room(batch, concurrency)
                if self.trouble is not None:
                    break
                self.was_interrupted = self._is_interrupted()
                if self.was_interrupted:
                    break
                self._under_way[pool.submit(self._send, batch)] = batch
            self._settle_all()

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

    def _settle_all(self) -> None:
        while self._under_way:
            self._settle_some()

    def _settle_some(self) -> None:
        done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=lambda each: self._under_way[each].number):
            batch = self._under_way.pop(future)
            outcome = future.result()
            self.message = outcome.message or self.message
            if outcome.trouble is not None:
                self._meet(BatchTrouble(batch.number, outcome.trouble))
            if outcome.settled:
                self._settle(outcome)

    def _meet(self, met: BatchTrouble) -> None:
        if self.trouble is None or met.batch < self.trouble.batch:
            self.trouble = met
