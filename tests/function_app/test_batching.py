"""Which products are sent together."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from contract.product import Product
from contract.run import Checkpoint
from function_app.batching import BATCH_SIZE, Batch, batches, total_batches

counts = st.integers(0, 1_500)


def products(count: int) -> list[tuple[int, Product]]:
    """Return products in every other row, as if the rows between them had been rejected."""
    return [(2 * number + 1, Product(number, f"N{number}", "1")) for number in range(count)]


def sent(cut: Sequence[Batch]) -> list[tuple[int, Product]]:
    return [pair for batch in cut for pair in zip(batch.rows, batch.products, strict=True)]


@given(counts)
def test_every_product_is_in_exactly_one_batch_in_order(count: int) -> None:
    assert sent(list(batches(products(count)))) == products(count)


@given(counts)
def test_all_batches_but_the_last_have_200_products(count: int) -> None:
    sizes = [len(batch.products) for batch in batches(products(count))]
    assert sizes[:-1] == [BATCH_SIZE] * (len(sizes) - 1)
    assert all(1 <= size <= BATCH_SIZE for size in sizes)
    assert len(sizes) == total_batches(count)


@given(counts, st.integers(0, 1_700))
def test_a_resumed_run_sends_the_rest_in_the_same_batches(count: int, position: int) -> None:
    whole = {batch.number: batch for batch in batches(products(count))}
    rest = list(batches(products(count), Checkpoint(position)))
    assert sent(rest) == products(count)[position:]
    for batch in rest:
        assert batch.rows[-1] == whole[batch.number].rows[-1]
        assert batch.is_rest == (batch.start != whole[batch.number].start)
        assert batch.start == max(position, whole[batch.number].start)


def test_a_batch_acknowledged_ahead_of_others_is_left_out() -> None:
    assert [batch.number for batch in batches(products(900), Checkpoint(250, (3, 5)))] == [2, 4]


def test_a_batch_reads_no_products_beyond_its_own() -> None:
    source = iter(products(1_000))
    next(batches(source))
    assert len(list(source)) == 1_000 - BATCH_SIZE


def test_without_products_there_are_no_batches() -> None:
    assert list(batches([])) == []
    assert total_batches(0) == 0


def test_an_id_as_a_number_and_as_text_may_be_the_same_product() -> None:
    number, text, other = (
        Batch(1, 0, (1,), (Product(product_id, "N", "1"),)) for product_id in (7, "7", "8")
    )
    assert number.shares_a_product_with(text)
    assert not number.shares_a_product_with(other)
