"""Each product of two catalogues finds its twin, whatever order they come in, in little memory."""

import io
import random
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.changes import Change
from agent.pairing import pairs
from contract.product import Product

Ids = st.one_of(st.integers(-5, 30), st.sampled_from(["", "1", "7", "A", "a", "A ", "é", "\0"]))
Room = st.integers(1, 5)
MORE_THAN_THERE_ARE = 1_000


def products(ids: Iterable[str | int], name: str = "Tea") -> list[Product]:
    """Make products that are all different, also where ids aren't."""
    return [Product(each, f"{name} {number}\n", "1.50") for number, each in enumerate(ids)]


def found(
    before: Iterable[Product], now: Iterable[Product], room: int, file: IO[bytes] | None = None
) -> list[Change]:
    with patch("agent.pairing.MOST_WAITING", room):
        return list(pairs(before, now, file or io.BytesIO()))


def by_dictionary(before: list[Product], now: list[Product]) -> list[Change]:
    """Pair in the plainest way: the first of an id with the first, the second with the second."""
    waiting: dict[str | int, list[Product]] = {}
    for each in before:
        waiting.setdefault(each.product_id, []).append(each)
    same = [
        Change(olds.pop(0) if (olds := waiting.get(each.product_id)) else None, each)
        for each in now
    ]
    return same + [Change(each, None) for olds in waiting.values() for each in olds]


@given(st.lists(Ids, unique=True), st.lists(Ids, unique=True), Room)
def test_twins_are_found_however_few_products_fit_into_memory(
    before: list[str | int], now: list[str | int], room: int
) -> None:
    old, new = products(before), products(now, "Coffee")
    assert Counter(found(old, new, room)) == Counter(by_dictionary(old, new))


@given(st.lists(Ids), st.lists(Ids))
def test_an_id_that_comes_twice_has_its_twins_in_the_same_order(
    before: list[str | int], now: list[str | int]
) -> None:
    old, new = products(before), products(now, "Coffee")
    assert Counter(found(old, new, MORE_THAN_THERE_ARE)) == Counter(by_dictionary(old, new))


@given(st.lists(Ids), st.lists(Ids), Room)
def test_no_product_is_lost_or_comes_twice_even_if_its_id_does(
    before: list[str | int], now: list[str | int], room: int
) -> None:
    old, new = products(before), products(now, "Coffee")
    changes = found(old, new, room)
    assert Counter(each.before for each in changes if each.before is not None) == Counter(old)
    assert Counter(each.now for each in changes if each.now is not None) == Counter(new)
    assert all(
        each.before.product_id == each.now.product_id
        for each in changes
        if each.before is not None and each.now is not None
    )
    assert len(changes) == len(by_dictionary(old, new))


def from_the_back(text: str) -> str:
    """Order as SQL Server orders a uniqueidentifier, more or less."""
    return text[::-1]


def at_random(text: str) -> float:
    return random.Random(text).random()


@pytest.mark.parametrize("room", [1, 7, 60, MORE_THAN_THERE_ARE])
@pytest.mark.parametrize("order", [str, str.casefold, from_the_back, at_random])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_the_order_makes_no_difference(
    order: Callable[[str], str | float], is_reversed: bool, room: int
) -> None:
    ids = [f"{letter}{number}" for letter in "aBcD" for number in range(60)]
    old, new = products(ids[:200]), products(ids[30:], "Coffee")
    new.sort(key=lambda each: order(str(each.product_id)), reverse=is_reversed)
    assert Counter(found(old, new, room)) == Counter(by_dictionary(old, new))


def test_hardly_anything_waits_where_the_order_is_about_the_same() -> None:
    """One in 50 is gone, one in 40 is new, and 20 are in other places: 120 wait, and none is in the file."""
    before = [number for number in range(2_000) if number % 40]
    now = [number for number in range(2_000) if number % 50]
    now[300:320] = reversed(now[300:320])
    file = io.BytesIO()
    changes = found(products(before), products(now), 60, file)
    assert len(changes) == len({*before, *now})
    assert file.getvalue() == b""


def test_after_a_gap_the_two_walk_side_by_side_again() -> None:
    """So what waits doesn't grow with every gap of the two, but only with what is gone or new."""
    taken = Counter[str]()
    ahead = 0

    def counted(ids: Iterable[int], name: str) -> Iterator[Product]:
        nonlocal ahead
        for each in products(ids, name):
            taken[name] = int(each.product_id)
            if each.product_id in range(1_500, 1_990):
                ahead = max(ahead, abs(taken["Tea"] - taken["Coffee"]))
            yield each

    before = range(2_000)
    now = [*range(100), *range(400, 700), *range(900, 2_000)]
    found(counted(before, "Tea"), counted(now, "Coffee"), MORE_THAN_THERE_ARE)
    assert ahead == 1


def test_two_large_catalogues_are_never_in_memory(tmp_path: Path) -> None:
    """Many times as many products, none of which has a twin, take no more memory."""

    def many(count: int, start: int) -> Iterator[Product]:
        yield from (Product(start + number, "Tea", "1.50") for number in range(count))

    def peak(count: int) -> int:
        with patch("agent.pairing.MOST_WAITING", 2_000), (tmp_path / "file").open("w+b") as file:
            tracemalloc.start()
            try:
                changes = pairs(many(count, 0), many(count, 10**9), file)
                assert sum(1 for _ in changes) == 2 * count
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    peak(2_500)
    assert peak(16_000) < 2 * peak(2_500)
