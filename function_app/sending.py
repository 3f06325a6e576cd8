"""Sends one batch: retries it, and halves a refused one if configured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from contract.product import Product, Rejection, Stage, shown_id
from function_app.answers import (
    Accepted,
    Answer,
    Refused,
    TokenRefused,
    Unavailable,
    Unreadable,
)
from function_app.batching import Batch
from function_app.ports import Clock
from function_app.retrying import RetryPolicy
from function_app.settling import BatchOutcome


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends batches within the time of one invocation."""

    post: Callable[[Sequence[Product]], Answer]
    """Posts products once."""

    clock: Clock
    policy: RetryPolicy
    ends_at: float
    """When (monotonic seconds) it must stop retrying."""

    isolate: bool
    """Whether a refused batch is halved until the products at fault stand alone."""

    def send(self, batch: Batch) -> BatchOutcome:
        """Send `batch` until all of it is settled or something stops it."""
        parts = [(0, len(batch.products))]
        rejections: list[Rejection] = []
        warnings: list[str] = []
        accepted, message = 0, None
        while parts:
            start, end = parts.pop()
            answer = self._patiently(batch.products[start:end])
            match answer:
                case Accepted():
                    accepted += end - start
                    message = answer.message or message
                    if answer.warning:
                        warnings.append(answer.warning)
                case Refused(about_products=True) if self.isolate and end - start > 1:
                    middle = (start + end) // 2
                    parts += [(middle, end), (start, middle)]
                case Refused(about_products=True) if self.isolate:
                    rejections.append(_rejection(batch, start, answer))
                    if not parts and not accepted and not batch.is_rest:
                        # Every product was refused alone: not the products but the request is wrong.
                        return BatchOutcome(batch, 0, trouble=answer)
                case Refused() | TokenRefused() | Unreadable() | Unavailable():
                    if not accepted:
                        return BatchOutcome(batch, 0, trouble=answer)
                    return BatchOutcome(
                        batch, start, tuple(rejections), message, tuple(warnings), answer
                    )
                case _:
                    assert_never(answer)
        return BatchOutcome(batch, len(batch.products), tuple(rejections), message, tuple(warnings))

    def _patiently(self, products: tuple[Product, ...]) -> Answer:
        begun = self.clock.monotonic()
        policy = replace(self.policy, total=min(self.policy.total, max(0.0, self.ends_at - begun)))
        attempt = 1
        while True:
            answer = self.post(products)
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
