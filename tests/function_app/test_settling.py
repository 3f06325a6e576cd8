"""A run's counts and checkpoint after each batch's outcome, in any order."""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.product import Product, Rejection, Stage
from contract.run import Run
from function_app.answers import Unavailable
from function_app.batching import BATCH_SIZE, Batch, batches, total_batches
from function_app.settling import BatchOutcome, settle
from tests.function_app.fakes import NOON
from tests.runs import sending_run

DOWN = Unavailable("Down.", 503)


def products(count: int) -> list[tuple[int, Product]]:
    return [(number + 1, Product(number, f"N{number}", "1")) for number in range(count)]


def new_run(count: int) -> Run:
    return sending_run(NOON, read=count, batches_total=total_batches(count))


def outcome(batch: Batch, settled: int, rejected: int = 0) -> BatchOutcome:
    rejections = tuple(
        Rejection(str(product.product_id), row, Stage.DIGIBLE, "no")
        for row, product in list(zip(batch.rows, batch.products, strict=True))[:rejected]
    )
    trouble = None if settled == len(batch.products) else DOWN
    return BatchOutcome(batch, settled, rejections, trouble=trouble)


@dataclass
class Counted:
    """A run, and the products that its record counts as settled."""

    run: Run
    products: set[int] = field(default_factory=set)

    def settle(self, settled: BatchOutcome) -> None:
        before, start = self.run, settled.batch.start
        self.run = settle(before, settled)
        more = self.run.accepted + self.run.rejected - before.accepted - before.rejected
        assert more in {0, settled.settled}
        counted = set(range(start, start + more))
        assert not counted & self.products, "a product is counted twice"
        self.products |= counted
        self.assert_right()

    def assert_right(self) -> None:
        run, checkpoint = self.run, self.run.checkpoint
        assert run.read == run.accepted + run.rejected + run.not_sent
        settled = set(range(min(checkpoint.position, run.read)))
        for number in checkpoint.ahead:
            start = (number - 1) * BATCH_SIZE
            assert start > checkpoint.position
            settled |= set(range(start, min(start + BATCH_SIZE, run.read)))
        assert self.products == settled, "the checkpoint disagrees with the counts"


@given(st.integers(0, 2_000), st.integers(1, 5), st.data())
@settings(max_examples=150)
def test_nothing_is_lost_or_counted_twice_in_any_order_of_outcomes(
    count: int, concurrency: int, data: st.DataObject
) -> None:
    counted = Counted(new_run(count))
    # Two attempts that trouble may stop, then one without trouble.
    for final in (False, False, True):
        todo = list(batches(products(count), counted.run.checkpoint))
        under_way: list[Batch] = []
        in_trouble = False
        while under_way or (todo and not in_trouble):
            while todo and len(under_way) < concurrency and not in_trouble:
                under_way.append(todo.pop(0))
            batch = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
            size = len(batch.products)
            settled = size if final else data.draw(st.integers(0, size) | st.just(size))
            counted.settle(outcome(batch, settled, data.draw(st.integers(0, min(settled, 3)))))
            in_trouble = in_trouble or settled < size
    assert counted.run.not_sent == 0
    assert counted.run.batches_acknowledged == counted.run.batches_total
    assert counted.run.checkpoint.ahead == ()


def test_a_batch_after_a_gap_is_remembered() -> None:
    first, second, third = batches(products(600))
    run = settle(settle(new_run(600), outcome(second, 200)), outcome(third, 200))
    assert (run.checkpoint.position, run.checkpoint.ahead) == (0, (2, 3))
    assert (run.accepted, run.not_sent, run.batches_acknowledged) == (400, 200, 2)
    run = settle(run, outcome(first, 200))
    assert (run.checkpoint.position, run.checkpoint.ahead) == (600, ())


def test_the_beginning_of_a_batch_counts_if_nothing_is_missing_before_it() -> None:
    first, second, _ = batches(products(600))
    run = settle(settle(new_run(600), outcome(first, 200)), outcome(second, 70, rejected=2))
    assert run.checkpoint.position == 270
    assert (run.accepted, run.rejected, run.batches_acknowledged) == (268, 2, 1)


def test_the_beginning_of_a_batch_after_a_gap_is_sent_again() -> None:
    _, second, _ = batches(products(600))
    assert settle(new_run(600), outcome(second, 70, rejected=2)) == new_run(600)


def test_any_settled_product_ends_the_waiting() -> None:
    waiting = replace(new_run(600), waiting_since=NOON, retries=4)
    first, *_ = batches(products(600))
    nothing = settle(waiting, outcome(first, 0))
    assert (nothing.waiting_since, nothing.retries) == (NOON, 4)
    something = settle(waiting, outcome(first, 1))
    assert (something.waiting_since, something.retries) == (None, 0)
