"""Fakes of time, tokens, the queue and Digible, and the moments at which a worker may die."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from contract.blobs import StoreName
from contract.product import Product
from contract.run import Run
from function_app.answers import Accepted, Answer
from function_app.events import Event
from function_app.ports import Clock, RetryRequest, Standby
from function_app.token import StoredToken

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Killed(BaseException):
    """The worker dies; no `except` in the code under test may catch this."""


class Steps:
    """Counts the moments at which a worker may die, and kills it at one of them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.last: int | None = None
        """The number, from 0, of the moment at which it dies."""

        self.is_dead = False
        """Whether the worker has died: whatever it does while that is passed on, it didn't."""

        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        with self._lock:
            number = len(self.names)
            self.names.append(name)
        if number == self.last:
            self.is_dead = True
            raise Killed(name)


class FakeClock:
    """Time that passes only during a sleep."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.random: Callable[[], float] = lambda: 0.5
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds

    def advance(self, time: timedelta) -> None:
        self.sleep(time.total_seconds())

    def ports(self) -> Clock:
        return Clock(self.now, lambda: self.seconds, self.sleep, self.random)


class FakeTokens:
    """The stores' tokens; implements `ports.TokenStore`."""

    def __init__(self) -> None:
        self.stored: StoredToken | Exception = StoredToken("opaque")

    def token(self, store: StoreName) -> StoredToken:
        if isinstance(self.stored, Exception):
            raise self.stored
        return self.stored


class FakeStandby:
    """A message that comes if its worker dies; implements `ports.Standby`."""

    def __init__(self, clock: FakeClock, request: RetryRequest) -> None:
        self._clock, self.request = clock, request
        self.keep()

    def keep(self) -> None:
        self.due = self._clock.now() + timedelta(minutes=2)


@dataclass
class FakeQueue:
    """The queue through which runs come back; implements `ports.RetryQueue`."""

    clock: FakeClock
    steps: Steps
    messages: list[tuple[datetime, RetryRequest]] = field(default_factory=list)
    """Each message, with the time when it is due."""

    standing_by: list[FakeStandby] = field(default_factory=list)
    """The messages that come only if a worker dies."""

    def put(self, request: RetryRequest, delay: timedelta) -> None:
        self.steps.reach("before a message is queued")
        self.messages.append((self.clock.now() + delay, request))
        self.steps.reach("after a message was queued")

    @contextmanager
    def stand_by(self, request: RetryRequest) -> Iterator[Standby]:
        standby = FakeStandby(self.clock, request)
        self.standing_by.append(standby)
        try:
            yield standby
        except Exception:
            self.standing_by.remove(standby)
            raise
        self.standing_by.remove(standby)

    def bury(self, living: Sequence[FakeStandby]) -> None:
        """Let the messages of workers that have died be messages like any other."""
        dead = [each for each in self.standing_by if each not in living]
        self.messages += [(each.due, each.request) for each in dead]
        self.standing_by = list(living)

    def take(self) -> RetryRequest | None:
        """Wait until the first message is due, then remove and return it."""
        if not self.messages:
            return None
        due, request = min(self.messages, key=lambda message: message[0])
        self.messages.remove((due, request))
        self.clock.advance(max(timedelta(0), due - self.clock.now()))
        return request


class FakeTelemetry:
    """What was sent to Application Insights; implements `ports.Telemetry`."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    @contextmanager
    def attempt(self, run: Run) -> Iterator[None]:
        yield

    def report(self, event: Event, run: Run | None = None) -> None:
        self.events.append(event)

    def named(self, name: str) -> list[Event]:
        """Return the events of that name."""
        return [event for event in self.events if event.name == name]


class FakeDigible:
    """Digible; implements `ports.Digible`."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._lock = threading.Lock()
        self.answers: deque[Answer] = deque()
        """Its next answers, which are used before `judge` is asked."""

        self.judge: Callable[[Sequence[Product]], Answer] = lambda products: Accepted()
        self.requests: list[list[str | int]] = []
        """The ids in each request, whatever its outcome."""

        self.accepted: list[list[str | int]] = []
        """The ids in each accepted request."""

        self.products: dict[str | int, Product] = {}

    def send(
        self, products: Sequence[Product], token: StoredToken, send_by: Callable[[], float]
    ) -> Answer:
        ids = [product.product_id for product in products]
        self._steps.reach(f"before {ids[0]} is sent")
        with self._lock:
            self.requests.append(ids)
            planned = self.answers.popleft() if self.answers else None
        answer = planned or self.judge(products)
        if isinstance(answer, Accepted):
            with self._lock:
                self.accepted.append(ids)
                self.products.update({product.product_id: product for product in products})
        self._steps.reach(f"after {ids[0]} was sent")
        return answer
