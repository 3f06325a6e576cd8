"""What a run leaves in Application Insights: the events of docs/telemetry.md, once each, and no product."""

import json
from datetime import timedelta

import pytest

from contract.blobs import CatalogMetadata, StoreName
from contract.product import Rejection, Stage
from contract.run import MAX_REJECTIONS, RunState
from function_app.answers import Accepted, Refused, TokenRefused
from function_app.events import Event, ended
from function_app.options import UploadOptions
from function_app.token import StoredToken
from tests.function_app.fakes import NOON
from tests.function_app.world import DOWN, STORE, World, rows
from tests.runs import sending_run

TOO_DEAR = Refused("too dear", 400, about_products=True)
COUNTS = {"read", "accepted", "rejected", "not_sent", "batches", "duration_s"}


def names(world: World) -> list[str]:
    return [event.name for event in world.telemetry.events]


def only(world: World, name: str) -> Event:
    (event,) = world.telemetry.named(name)
    return event


def test_a_run_is_told_from_its_begin_to_its_end(world: World) -> None:
    run = world.upload(world.put(401))
    assert names(world) == [
        "catalog.run.started",
        "catalog.token.read",
        "catalog.batch.acknowledged",
        "catalog.batch.acknowledged",
        "catalog.batch.acknowledged",
        "catalog.run.finished",
    ]
    for event in world.telemetry.events:
        assert event.dimensions["store"] == STORE
        assert event.dimensions["run"] == run.run
    begun, *_, finished = world.telemetry.events
    assert begun.dimensions["state"] == "sending"
    assert begun.dimensions["catalog"] == "0001/shop.json"
    assert finished.dimensions["state"] == "succeeded"
    assert finished.dimensions["error_kind"] == ""
    assert finished.measurements["accepted"] == 401
    assert {*finished.measurements} == COUNTS | {"since_upload_s"}


def test_each_batch_says_how_far_the_run_is(world: World) -> None:
    world.upload(world.put(401))
    acknowledged = world.telemetry.named("catalog.batch.acknowledged")
    assert [(one.measurements["batch"], one.measurements["products"]) for one in acknowledged] == [
        *((1, 200), (2, 200), (3, 1))
    ]
    assert [one.measurements["accepted"] for one in acknowledged] == [200, 400, 401]
    assert [one.measurements["not_sent"] for one in acknowledged] == [201, 1, 0]


def test_a_rejection_is_counted_under_its_reason(world: World) -> None:
    bad = [
        {"ProductID": "A", "ProductName": "Secret name", "SellPrice": None},
        {"ProductID": "B", "ProductName": "Secret name", "SellPrice": None},
        {"ProductID": "C", "ProductName": " ", "SellPrice": "1"},
    ]
    world.upload(world.put([*rows(3), *bad]))
    found = world.telemetry.named("catalog.products.rejected")
    assert {(one.dimensions["reason"], one.measurements["rejected"]) for one in found} == {
        ("SellPrice is missing", 2),
        ("ProductName is missing", 1),
    }
    assert {one.dimensions["stage"] for one in found} == {"catalog"}


def test_digibles_own_words_about_products_stay_in_the_run_record() -> None:
    world = World(UploadOptions(isolate=True))
    world.digible.judge = lambda products: (
        Refused(f"{products[0].product_name} is too dear", 400, about_products=True)
        if any(product.product_id == "P2" for product in products)
        else Accepted()
    )
    run = world.upload(world.put(3))
    assert run.state is RunState.COMPLETED_WITH_REJECTIONS
    event = only(world, "catalog.products.rejected")
    assert (event.dimensions["stage"], event.dimensions["reason"]) == (
        *("digible", "refused by Digible"),
    )


def test_more_rejections_than_a_record_lists_are_counted_all_the_same() -> None:
    listed = tuple(
        Rejection(None, row, Stage.CATALOG, "SellPrice is missing") for row in range(MAX_REJECTIONS)
    )
    run = sending_run(NOON, read=MAX_REJECTIONS + 5, batches_total=1).with_rejections(listed)
    run = run.with_rejections(listed[:5]).moved_to(RunState.COMPLETED_WITH_REJECTIONS)
    *rejected, _ = ended(run)
    assert sum(event.measurements["rejected"] for event in rejected) == run.rejected


def test_a_refused_batch_is_told_with_its_status_and_number(world: World) -> None:
    world.answer(Accepted(), TOO_DEAR)
    world.upload(world.put(401))
    event = only(world, "catalog.batch.refused")
    assert (event.dimensions["error_kind"], event.dimensions["http_status"]) == ("refused", "400")
    assert (event.measurements["batch"], event.measurements["accepted"]) == (2, 200)
    assert "too dear" not in json.dumps(dict(event.dimensions))
    finished = only(world, "catalog.run.finished")
    assert (finished.dimensions["state"], finished.dimensions["error_kind"]) == (
        *("failed", "refused"),
    )


def test_an_expired_session_is_told(world: World) -> None:
    world.answer(TokenRefused("log in", 401))
    world.upload(world.put(3))
    assert only(world, "catalog.run.finished").dimensions["state"] == "session_expired"
    assert only(world, "catalog.batch.refused").dimensions["http_status"] == "401"


def test_each_wait_is_told_and_the_end_once(world: World) -> None:
    world.digible.judge = lambda products: DOWN
    version = world.put(3)
    run = world.upload(version)
    waiting = only(world, "catalog.run.waiting")
    assert waiting.dimensions["error_kind"] == "unavailable"
    assert run.retry_at is not None
    assert waiting.dimensions["retry_at"].startswith(f"{run.retry_at:%Y-%m-%dT%H:%M:%S}")
    assert not world.telemetry.named("catalog.run.finished")
    world.digible.judge = lambda products: Accepted()
    world.all_messages()
    assert len(world.telemetry.named("catalog.run.started")) == 1
    assert only(world, "catalog.run.finished").dimensions["state"] == "succeeded"


def test_a_run_that_a_newer_catalogue_ends_is_told_once(world: World) -> None:
    older = world.put(401)

    def newer_comes() -> None:
        world.clock.advance(timedelta(seconds=5))
        world.uploader.upload(world.put(3, "0001/newer.json").name)

    world.while_sending("P1", newer_comes)
    run = world.upload(older)
    assert run.state is RunState.SUPERSEDED
    world.all_messages()
    ends = world.telemetry.named("catalog.run.finished")
    assert [end.dimensions["state"] for end in ends if end.dimensions["run"] == run.run] == [
        "superseded"
    ]


def test_a_catalogue_that_cant_be_used_is_told(world: World) -> None:
    world.uploader.upload(world.catalogs.put("0001/broken.json", b"[{").name)
    world.uploader.upload(world.catalogs.put("0001/list.csv", b"").name)
    ends = world.telemetry.named("catalog.run.finished")
    assert [end.dimensions["state"] for end in ends] == ["invalid_catalog"] * 2
    assert [end.dimensions["store"] for end in ends] == ["0001", "_unknown"]


@pytest.mark.parametrize(
    ("days", "left"), [(30, 30.0), (-1, -1.0), (None, None)], ids=["good", "expired", "unknown"]
)
def test_a_tokens_expiry_is_told_each_time_it_is_read(
    world: World, days: int | None, left: float | None
) -> None:
    expires_on = None if days is None else world.clock.now() + timedelta(days=days)
    world.tokens.stored = StoredToken("opaque", expires_on)
    world.upload(world.put(3))
    event = only(world, "catalog.token.read")
    assert event.measurements.get("days_left") == left
    assert bool(event.dimensions["expires_at"]) == (left is not None)
    assert "opaque" not in repr(event)


def test_no_event_has_anything_of_a_product() -> None:
    world = World(UploadOptions(isolate=True, concurrency=4))
    world.digible.judge = lambda products: (
        Refused(f"{products[0].product_name}: no", 400, about_products=True)
        if products[0].product_id == "P201" and len(products) < 200
        else Accepted()
    )
    world.put([{**row, "ProductName": f"Secret {row['ProductID']}"} for row in rows(900, "47.11")])
    world.uploader.upload("0001/shop.json")
    told = repr(world.telemetry.events)
    assert "Secret" not in told
    assert "47.11" not in told
    assert "P201" not in told


def test_a_run_keeps_the_trace_context_of_its_catalogue(world: World) -> None:
    """So that whoever ends it, from the sweep or a poison queue, tells it under the same operation."""
    traceparent = f"00-{'0a' * 16}-{'0b' * 8}-01"
    version = world.put(3, metadata=CatalogMetadata(traceparent=traceparent))
    assert world.upload(version).traceparent == traceparent
    by_hand = world.put(3, f"{StoreName('0001')}/by-hand.json")
    assert world.upload(by_hand).traceparent is None
