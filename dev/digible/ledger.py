"""The products that the stand-in accepted, and the requests that it received."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from dev.digible.checks import SentProduct

_MAX_REQUESTS = 100_000


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A sync request; the ledger keeps them in the order of their responses."""

    at: datetime
    products: int
    """How many products it contained; 0 if they could not be read."""

    first_id: str | int | None
    last_id: str | int | None
    accepted: bool
    status: int | None
    """The response's status; None if the connection was closed instead."""


class Ledger:
    """The products by id, each as last accepted, and the latest requests. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._products: dict[str | int, SentProduct] = {}
        self._requests: deque[SyncRequest] = deque(maxlen=_MAX_REQUESTS)

    @property
    def products(self) -> dict[str | int, SentProduct]:
        """A copy of the products."""
        with self._lock:
            return dict(self._products)

    @property
    def requests(self) -> list[SyncRequest]:
        """A copy of the requests, oldest first."""
        with self._lock:
            return list(self._requests)

    def record(
        self, products: tuple[SentProduct, ...], status: int | None, *, accept: bool
    ) -> None:
        """Record a request and, if accepted, its products; the last one with an id wins."""
        first, last = (
            (products[0].product_id, products[-1].product_id) if products else (None, None)
        )
        with self._lock:
            if accept:
                self._products.update((product.product_id, product) for product in products)
            self._requests.append(
                SyncRequest(datetime.now(UTC), len(products), first, last, accept, status)
            )

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._products.clear()
            self._requests.clear()
