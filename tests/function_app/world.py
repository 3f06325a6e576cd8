"""A shop's world of fakes: tests upload catalogues, handle events and messages, and read runs."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime

from contract.blobs import CatalogMetadata, RunId, StoreName, parse_name, run_of
from contract.product import Product
from contract.run import Run, RunState
from function_app.answers import Accepted, Answer, Unavailable
from function_app.options import UploadOptions
from function_app.ports import CatalogVersion, Ports, RetryRequest
from function_app.turns import Turns
from function_app.upload import Uploader
from tests.function_app.fake_storage import FakeCatalogs, FakeLocks, FakeRecords
from tests.function_app.fakes import (
    FakeClock,
    FakeDigible,
    FakeQueue,
    FakeTelemetry,
    FakeTokens,
    Killed,
    Steps,
)

STORE = StoreName("0001")
DOWN = Unavailable("Digible can't take products at the moment (HTTP 503: down).", 503)
OK = Accepted()


def rows(count: int, price: str = "1.50", first: int = 1) -> list[dict[str, object]]:
    """Return rows of a catalogue with the ids P1, P2, …"""
    return [
        {"ProductID": f"P{number}", "ProductName": f"Product {number}", "SellPrice": price}
        for number in range(first, first + count)
    ]


def ids(first: int, last: int) -> list[str]:
    """Return the ids of those rows, from `first` to `last`."""
    return [f"P{number}" for number in range(first, last + 1)]


class World:
    """Everything that the use case deals with."""

    def __init__(self, options: UploadOptions | None = None) -> None:
        self.options = options or UploadOptions()
        self.steps = Steps()
        self.clock = FakeClock()
        self.catalogs = FakeCatalogs(self.clock)
        self.records = FakeRecords(self.clock, self.steps)
        self.locks = FakeLocks(self.steps)
        self.tokens = FakeTokens()
        self.queue = FakeQueue(self.clock, self.steps)
        self.digible = FakeDigible(self.steps)
        self.telemetry = FakeTelemetry()
        self.turns = Turns()

    @property
    def ports(self) -> Ports:
        return Ports(
            catalogs=self.catalogs,
            records=self.records,
            locks=self.locks,
            tokens=self.tokens,
            queue=self.queue,
            connect=lambda: nullcontext(self.digible),
            telemetry=self.telemetry,
            clock=self.clock.ports(),
        )

    @property
    def uploader(self) -> Uploader:
        return Uploader(self.ports, self.options, self.turns)

    def put(
        self,
        products: int | Iterable[object] = 500,
        name: str = "0001/shop.json",
        *,
        metadata: CatalogMetadata | None = None,
        modified: datetime | None = None,
    ) -> CatalogVersion:
        """Upload a catalogue of that many good rows, or of the given ones."""
        content = rows(products) if isinstance(products, int) else list(products)
        return self.catalogs.put(name, json.dumps(content).encode(), metadata, modified)

    def upload(self, version: CatalogVersion) -> Run:
        """Handle the blob's event, and return the run as its record then describes it."""
        self.uploader.upload(version.name)
        return self.run(version)

    def upload_and_die(self, version: CatalogVersion, step: int) -> bool:
        """Handle the event with a worker that dies at a step; return False if it needs fewer."""
        self.steps.names.clear()
        self.steps.last = step
        living = list(self.queue.standing_by)
        try:
            self.uploader.upload(version.name)
        except Killed:
            return True
        finally:
            self.steps.last = None
            self.steps.is_dead = False
            self.queue.bury(living)
            self.locks.leases.clear()  # once they have expired
        return False

    def run(self, version: CatalogVersion) -> Run:
        """Read a catalogue's run from its record."""
        stored = self.records.load(STORE, id_of(version))
        assert stored is not None
        assert stored.run is not None
        return stored.run

    def next_message(self) -> RetryRequest | None:
        """Handle the queue's first message when it is due, and return it, or None without one."""
        request = self.queue.take()
        if request is not None:
            self.uploader.retry(request)
        return request

    def all_messages(self, at_most: int = 200) -> int:
        """Handle messages until there are no more, and return how many there were."""
        for count in range(at_most + 1):
            if self.next_message() is None:
                return count
        raise AssertionError(f"more than {at_most} messages")

    def resume(self, version: CatalogVersion) -> None:
        """Ask for a run to be resumed, as the agent does."""
        request = self.catalogs.put(f"{STORE}/{id_of(version)}.resume", b"")
        self.uploader.upload(request.name)

    def while_sending(self, first_id: str, action: Callable[[], object]) -> None:
        """Perform an action once, while Digible works on the batch that begins with an id."""
        pending = [action]

        def judge(products: Sequence[Product]) -> Answer:
            if pending and products[0].product_id == first_id:
                pending.pop()()
            return OK

        self.digible.judge = judge

    def answer(self, *answers: Answer) -> None:
        """Plan Digible's next answers; after them it accepts again."""
        self.digible.answers.extend(answers)


def id_of(version: CatalogVersion) -> RunId:
    """Return the id of a catalogue's run."""
    return run_of(parse_name(version.name), version.etag)[1]


def assert_all_accepted(world: World, run: Run, requests: Sequence[Sequence[str | int]]) -> None:
    """Assert that a run succeeded, and that exactly these requests were accepted."""
    assert run.state is RunState.SUCCEEDED
    assert (run.accepted, run.rejected, run.not_sent) == (run.read, 0, 0)
    assert world.digible.accepted == [list(request) for request in requests]
