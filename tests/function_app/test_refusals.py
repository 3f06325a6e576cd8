"""Permanent trouble: a run stops, or isolates the products at fault, as the operator chose."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from contract.product import Product, Rejection, Stage
from contract.run import RunError, RunState
from function_app.answers import Accepted, Answer, Refused, TokenRefused, Unreadable
from function_app.options import UploadOptions
from function_app.ports import CatalogVersion
from tests.function_app.world import DOWN, OK, World, ids, rows

EXPIRED = TokenRefused("Expired", 401)
UNKNOWN_STORE = Refused("No such store", 404, about_products=False)


def refusing(*bad: str) -> Callable[[Sequence[Product]], Answer]:
    """Return a judge that refuses every batch with one of these products, and names the first."""

    def judge(products: Sequence[Product]) -> Answer:
        found = [each.product_id for each in products if each.product_id in bad]
        return Refused(f"{found[0]} is bad", 400, about_products=True) if found else OK

    return judge


def in_trouble_at(
    place: int, trouble: Answer, judge: Callable[[Sequence[Product]], Answer]
) -> Callable[[Sequence[Product]], Answer]:
    """Return a judge that answers request number `place` with trouble, and judges the others."""
    asked: list[Sequence[Product]] = []

    def judge_or_trouble(products: Sequence[Product]) -> Answer:
        asked.append(products)
        return trouble if len(asked) == place else judge(products)

    return judge_or_trouble


@pytest.fixture
def isolating() -> World:
    return World(UploadOptions(isolate=True))


def rejected(*product_ids: str) -> tuple[Rejection, ...]:
    return tuple(
        Rejection(each, int(each[1:]), Stage.DIGIBLE, f"{each} is bad") for each in product_ids
    )


def test_a_refused_batch_stops_the_run_at_once(world: World) -> None:
    world.digible.judge = refusing("P250")
    run = world.upload(world.put(650))
    assert run.state is RunState.FAILED
    assert run.message == "Digible refused batch 2 of 4 (HTTP 400): P250 is bad"
    assert run.error == RunError("refused", "P250 is bad", 2, 400)
    assert world.digible.requests == [ids(1, 200), ids(201, 400)]


def test_products_accepted_before_a_refusal_stay_accepted(world: World) -> None:
    world.digible.judge = refusing("P250")
    run = world.upload(world.put(650))
    assert (run.accepted, run.not_sent) == (200, 450)
    assert sorted(world.digible.products) == sorted(ids(1, 200))


def test_a_failed_run_is_not_retried_automatically(world: World) -> None:
    version = world.put(650)
    world.digible.judge = refusing("P250")
    world.upload(version)
    assert world.queue.messages == []
    world.upload(version)
    assert len(world.digible.requests) == 2


def test_a_resumed_run_goes_on_at_the_refused_batch(world: World) -> None:
    version = world.put(650)
    world.digible.judge = refusing("P250")
    world.upload(version)
    world.digible.judge = lambda products: OK
    world.resume(version)
    run = world.run(version)
    assert (run.state, run.accepted, run.attempt) == (RunState.SUCCEEDED, 650, 2)
    assert world.digible.accepted == [ids(1, 200), ids(201, 400), ids(401, 600), ids(601, 650)]


def test_a_response_that_is_not_json_stops_the_run_at_once(world: World) -> None:
    world.answer(OK, Unreadable("<html>"))
    run = world.upload(world.put(650))
    assert (run.state, run.message) == (RunState.FAILED, "Invalid JSON response from the server")
    assert (run.accepted, run.not_sent) == (200, 450)


def test_a_batch_that_is_accepted_with_a_warning_counts_and_the_warning_is_listed(
    world: World,
) -> None:
    world.answer(OK, Accepted("Synced", "Digible names products that it did not take: [3]"))
    run = world.upload(world.put(650))
    assert (run.state, run.accepted, run.rejected) == (RunState.SUCCEEDED, 650, 0)
    assert run.warnings == ("Batch 2: Digible names products that it did not take: [3]",)
    assert run.message.endswith("Its answers hold warnings, though: check the products in Digible.")


def test_only_the_products_at_fault_are_rejected(isolating: World) -> None:
    isolating.digible.judge = refusing("P7", "P250", "P251", "P650")
    run = isolating.upload(isolating.put(650))
    assert run.state is RunState.COMPLETED_WITH_REJECTIONS
    assert (run.accepted, run.rejected, run.not_sent) == (646, 4, 0)
    assert run.rejections == rejected("P7", "P250", "P251", "P650")
    assert sorted(isolating.digible.products) == sorted(
        {*ids(1, 650)} - {"P7", "P250", "P251", "P650"}
    )
    assert run.message == "646 of 650 products were accepted by Digible, 4 rejected."


def test_a_refused_batch_is_halved(isolating: World) -> None:
    isolating.digible.judge = refusing("P1")
    isolating.upload(isolating.put(200))
    sizes = [len(request) for request in isolating.digible.requests]
    assert sizes == [200, 100, 50, 25, 12, 6, 3, 1, 2, 3, 6, 13, 25, 50, 100]


def test_accepted_products_are_sent_once_and_in_order(isolating: World) -> None:
    isolating.digible.judge = refusing("P33", "P34", "P120")
    isolating.upload(isolating.put(200))
    accepted = [each for batch in isolating.digible.accepted for each in batch]
    assert accepted == [each for each in ids(1, 200) if each not in {"P33", "P34", "P120"}]


def test_a_rejection_names_its_row_in_the_catalogue(isolating: World) -> None:
    isolating.digible.judge = refusing("P3")
    bad = {"ProductID": "B1"}
    run = isolating.upload(isolating.put([bad, *rows(2), bad, *rows(2, first=3)]))
    assert [(each.product_id, each.row, each.stage) for each in run.rejections] == [
        ("B1", 1, Stage.CATALOG),
        ("B1", 4, Stage.CATALOG),
        ("P3", 5, Stage.DIGIBLE),
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 200])
def test_a_batch_whose_products_are_all_refused_fails_the_run(isolating: World, count: int) -> None:
    isolating.digible.judge = refusing(*ids(201, 200 + count))
    run = isolating.upload(isolating.put(200 + count))
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert (run.error.kind, run.error.batch) == ("refused", 2)
    assert (run.accepted, run.rejected, run.not_sent) == (200, 0, count)


def test_all_products_but_one_may_be_refused(isolating: World) -> None:
    isolating.digible.judge = refusing(*ids(1, 199))
    run = isolating.upload(isolating.put(200))
    assert run.state is RunState.COMPLETED_WITH_REJECTIONS
    assert (run.accepted, run.rejected) == (1, 199)


def test_a_batch_is_not_halved_if_its_refusal_is_not_about_products(isolating: World) -> None:
    isolating.answer(UNKNOWN_STORE)
    run = isolating.upload(isolating.put(200))
    assert run.state is RunState.FAILED
    assert len(isolating.digible.requests) == 1


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (EXPIRED, RunState.SESSION_EXPIRED),
        (UNKNOWN_STORE, RunState.FAILED),
        (Unreadable("<html>"), RunState.FAILED),
    ],
    ids=["401", "404", "html"],
)
@pytest.mark.parametrize("place", range(1, 30))
def test_trouble_during_halving_loses_and_repeats_nothing(
    isolating: World, trouble: Answer, state: RunState, place: int
) -> None:
    bad = {"P201", "P220", "P303"}
    isolating.digible.judge = in_trouble_at(place, trouble, refusing(*bad))
    version = isolating.put(450)
    run = isolating.upload(version)
    assert run.state is state
    assert (run.accepted, run.rejected) == counted(isolating, run.rejections)
    isolating.resume(version)
    run = isolating.run(version)
    assert run.state is RunState.COMPLETED_WITH_REJECTIONS
    assert run.rejections == rejected("P201", "P220", "P303")
    assert set(isolating.digible.products) == {*ids(1, 450)} - bad
    assert (run.accepted, run.rejected) == (447, 3)


def counted(world: World, rejections: Sequence[Rejection]) -> tuple[int, int]:
    """Return the counts that a run must have: Digible's products and the rejections."""
    return len(world.digible.products), len(rejections)


def test_an_outage_during_halving_is_waited_out(isolating: World) -> None:
    judge, asked = refusing("P220"), []

    def judge_with_outage(products: Sequence[Product]) -> Answer:
        asked.append(products)
        return DOWN if 5 <= len(asked) <= 20 else judge(products)

    isolating.digible.judge = judge_with_outage
    version = isolating.put(450)
    assert isolating.upload(version).state is RunState.WAITING
    isolating.all_messages()
    run = isolating.run(version)
    assert (run.state, run.accepted, run.rejected) == (RunState.COMPLETED_WITH_REJECTIONS, 449, 1)


def test_what_is_settled_within_a_batch_is_saved_before_more_is_sent(isolating: World) -> None:
    saved: list[int] = []

    def judge(products: Sequence[Product]) -> Answer:
        run = isolating.run(version)
        saved.append(run.accepted + run.rejected)
        assert run.accepted == len(isolating.digible.products)
        return refusing("P220", "P301", "P302")(products)

    isolating.digible.judge = judge
    version = isolating.put(400)
    assert isolating.upload(version).accepted == 397
    assert saved == sorted(saved)
    assert len(set(saved)) > 8


def test_the_invocations_time_ends_within_a_batch(isolating: World) -> None:
    """Each invocation goes on where the one before stopped, and no product is sent twice."""
    bad = set(ids(201, 300)) - {"P210"}

    def judge(products: Sequence[Product]) -> Answer:
        isolating.clock.advance(timedelta(seconds=50))
        return refusing(*bad)(products)

    isolating.digible.judge = judge
    version = isolating.put(500)
    isolating.upload(version)
    assert isolating.all_messages() > 3
    run = isolating.run(version)
    assert (run.state, run.accepted, run.rejected) == (
        *(RunState.COMPLETED_WITH_REJECTIONS, 401),
        99,
    )
    accepted = [each for batch in isolating.digible.accepted for each in batch]
    assert len(accepted) == len(set(accepted)) == 401


def test_a_newer_catalogue_ends_the_halving_of_an_older_ones_batch(isolating: World) -> None:
    newer: list[CatalogVersion] = []

    def judge(products: Sequence[Product]) -> Answer:
        if len(isolating.digible.requests) == 20:
            isolating.clock.advance(timedelta(seconds=1))
            newer.append(isolating.put(rows(3, price="9.99"), "0001/newer.json"))
            isolating.upload(newer[0])
        return Refused("No", 400, about_products=True)

    isolating.digible.judge = judge
    older = isolating.put(200)
    assert isolating.upload(older).state is RunState.SUPERSEDED
    assert len(isolating.digible.requests) == 20
    isolating.digible.judge = lambda products: OK
    isolating.all_messages()
    assert isolating.run(newer[0]).state is RunState.SUCCEEDED
    assert len(isolating.digible.accepted) == 1


def test_the_lease_is_made_sure_of_before_each_part(isolating: World) -> None:
    def judge(products: Sequence[Product]) -> Answer:
        if len(isolating.digible.requests) == 7:
            isolating.locks.leases.clear()  # another worker takes the store
        return refusing("P3", "P150")(products)

    isolating.digible.judge = judge
    version = isolating.put(200)
    isolating.upload(version)
    assert len(isolating.digible.requests) == 7
    assert len(isolating.queue.messages) == 1


def test_a_run_that_gets_nowhere_waits_and_fails_after_a_day(isolating: World) -> None:
    """All products of a batch are refused, and halving it takes longer than an invocation."""

    def judge(products: Sequence[Product]) -> Answer:
        isolating.clock.advance(timedelta(seconds=500))
        return Refused("No", 400, about_products=True)

    isolating.digible.judge = judge
    version = isolating.put(200)
    run = isolating.upload(version)
    assert run.state is RunState.WAITING
    assert run.error is not None
    assert run.error.kind == "slow"
    isolating.all_messages()
    run = isolating.run(version)
    assert (run.state, run.not_sent) == (RunState.FAILED, 200)


def test_batches_under_way_beside_a_refused_one_are_settled_before_it_is_halved() -> None:
    world = World(UploadOptions(isolate=True, concurrency=4))
    world.digible.judge = refusing("P7", "P250", "P999")
    version = world.put(1_500)
    run = world.upload(version)
    assert (run.state, run.accepted, run.rejected) == (
        *(RunState.COMPLETED_WITH_REJECTIONS, 1_497),
        3,
    )
    accepted = [each for batch in world.digible.accepted for each in batch]
    assert len(accepted) == len(set(accepted)) == 1_497


def test_the_whole_rest_of_a_batch_may_be_refused_if_its_beginning_was_accepted(
    isolating: World,
) -> None:
    isolating.digible.judge = in_trouble_at(4, EXPIRED, refusing("P202", "P203"))
    version = isolating.put(203)
    assert isolating.upload(version).accepted == 201
    isolating.resume(version)
    run = isolating.run(version)
    assert (run.state, run.accepted) == (RunState.COMPLETED_WITH_REJECTIONS, 201)
    assert run.rejections == rejected("P202", "P203")


def test_a_run_whose_products_are_all_refused_fails_even_after_trouble_in_between(
    isolating: World,
) -> None:
    isolating.digible.judge = in_trouble_at(3, EXPIRED, refusing("P1", "P2", "P3"))
    version = isolating.put(3)
    assert isolating.upload(version).rejected == 0
    isolating.resume(version)
    run = isolating.run(version)
    assert (run.state, run.rejected, run.not_sent) == (RunState.FAILED, 0, 3)
