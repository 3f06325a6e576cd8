"""Sends products, again and again while Digible is in transient trouble."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from contract.product import Product
from function_app.answers import Answer, Unavailable
from function_app.ports import Clock
from function_app.retrying import RetryPolicy


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends products within the time of one invocation."""

    post: Callable[[Sequence[Product]], Answer]
    """Posts products once."""

    on_retry: Callable[[Unavailable, float], None]
    """Told of each answer that products are posted again after, and in how many seconds."""

    clock: Clock
    policy: RetryPolicy
    ends_at: float
    """When (monotonic seconds) it must stop retrying."""

    def send(self, products: Sequence[Product]) -> Answer:
        """Post `products` until there is an answer other than Unavailable, or no time to try again."""
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
            self.on_retry(answer, pause)
            self.clock.sleep(pause)
            attempt += 1
