"""What the workbook's queries show of the fleet, over what the function's code sent."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.function_app.fakes import NOON
from tests.infra.queries.conftest import Captured
from tests.infra.queries.fleet import HEALTHY, SILENT, TROUBLED
from tests.infra.queries.store import POST
from tests.infra.queries.telemetry import Row, earlier, query_names, query_text, renamed, run_query
from tests.ingestion import CustomEvent

BATCH_S = POST.total_seconds()
WITHOUT_A_SUCCESS = {
    *("waiting", "refused", "abandoned", "invalid", "expired", "session-refused", "_unknown"),
    "never-successful",
}
SHOWN = ({*HEALTHY, *TROUBLED, *SILENT} | {"_unknown", "missed", "left"}) - {"smoke-test", "stray"}


def show(
    name: str, captured: Captured, events: Sequence[CustomEvent] | None = None, **parameters: str
) -> list[Row]:
    """Return what a query of the workbook shows, of the whole fleet if not told otherwise."""
    return run_query(
        query_text(name, parameters), captured.events if events is None else events, captured.now
    )


@pytest.mark.parametrize("name", query_names())
def test_before_the_first_run_nothing_is_shown(name: str, captured: Captured) -> None:
    assert show(name, captured, []) == []


def test_runs_are_counted_by_their_last_state(captured: Captured) -> None:
    shown = {str(row["state"]): row["runs"] for row in show("runs-by-state", captured)}
    assert shown == {
        "succeeded": 12,
        "failed": 5,
        "completed_with_rejections": 3,
        "invalid_catalog": 2,
        "session_expired": 2,
        "superseded": 2,
        "waiting": 1,
    }


def test_runs_of_each_day_are_counted_by_their_last_state(captured: Captured) -> None:
    today = captured.of("healthy")
    yesterday = renamed(earlier(today, timedelta(days=1)), "healthy", "yesterday-")
    rows = show("runs-by-day", captured, [*today, *yesterday])
    assert [(str(row["day"])[:10], row["state"], row["runs"]) for row in rows] == [
        ("2026-11-22", "succeeded", 1),
        ("2026-11-23", "succeeded", 1),
    ]


def test_the_runs_of_a_store_add_up_and_failures_come_first(captured: Captured) -> None:
    rows = show("runs-by-store", captured)
    assert {row["store"] for row in rows} == SHOWN
    for row in rows:
        counts = [value for name, value in row.items() if name not in ("store", "runs")]
        assert sum(map(int, map(str, counts))) == row["runs"]
    failed = [int(str(row["failed"])) for row in rows]
    assert failed == sorted(failed, reverse=True)


def test_every_store_is_shown_with_its_latest_run_the_worst_first(captured: Captured) -> None:
    rows = {str(row["store"]): row for row in show("stores", captured)}
    assert set(rows) == SHOWN
    assert set(list(rows)[: len(WITHOUT_A_SUCCESS)]) == WITHOUT_A_SUCCESS
    assert {store for store, row in rows.items() if row["last_success"] is None} == (
        WITHOUT_A_SUCCESS
    )
    assert (rows["failed-later"]["state"], rows["failed-later"]["error_kind"]) == (
        "failed",
        "refused",
    )
    assert rows["failed-later"]["last_success"] is not None
    assert rows["waiting"]["state"] == "waiting"


def test_a_superseded_run_does_not_hide_the_one_that_counts(captured: Captured) -> None:
    [row] = show("stores", captured, captured.of("touched"))
    assert row["state"] == "succeeded"


def test_the_hours_since_the_last_success_are_counted(captured: Captured) -> None:
    [row] = show("stores", captured, earlier(captured.of("healthy"), timedelta(hours=30)))
    assert row["hours_since_success"] == 30.0


def test_throughput_is_what_runs_delivered_by_the_time_they_took(captured: Captured) -> None:
    [row] = show("throughput", captured, captured.of("healthy"))
    assert row["products"] == 500
    assert row["products_per_second"] == round(500 / (3 * BATCH_S), 1)


def test_the_slowest_stores_come_first(captured: Captured) -> None:
    rows = show("slowest-stores", captured, captured.of("healthy", "tenth-rejected"))
    assert [(row["store"], row["average_s"], row["longest_s"]) for row in rows] == [
        ("healthy", 3 * BATCH_S, 3 * BATCH_S),
        ("tenth-rejected", BATCH_S, BATCH_S),
    ]
    assert rows[1]["products_per_second"] == 90 / BATCH_S


def test_rejections_are_those_of_each_stores_latest_run_by_reason(captured: Captured) -> None:
    stores = ("isolating", "tenth-rejected", "recovered")
    rows = show("rejections-by-reason", captured, captured.of(*stores))
    assert rows == [
        {"reason": "SellPrice is not a number", "stage": "catalog", "products": 12, "stores": 2},
        {"reason": "refused by Digible", "stage": "digible", "products": 1, "stores": 1},
    ]
    before = renamed(
        earlier(captured.of("tenth-rejected"), timedelta(hours=1)), "healthy", "before-"
    )
    mended = [*before, *captured.of("healthy")]
    assert show("rejections-by-reason", captured, mended) == []


def test_the_time_from_export_to_accepted_is_that_of_successful_runs(captured: Captured) -> None:
    [row] = show("export-to-accepted", captured, captured.of("healthy", "refused", "expired"))
    expected = 3 * BATCH_S
    assert list(row.values())[1:] == [1, expected, expected, expected]


def test_tokens_are_shown_by_their_expiry(captured: Captured) -> None:
    rows = show("token-expiry", captured)
    assert [(row["store"], row["days_left"]) for row in rows[:2]] == [
        ("expired", -1.0),
        ("expiring", 5.0),
    ]
    expiring = (NOON + timedelta(days=5)).replace(tzinfo=None)
    assert rows[1]["expires_at"] == expiring
    assert "without-expiry" not in {row["store"] for row in rows}
    assert {row["store"]: row["days_left"] for row in rows}["renewed"] == 60.0


def test_a_click_on_a_store_shows_its_runs_the_newest_first(captured: Captured) -> None:
    newer, older = show("store-runs", captured, Store="recovered")
    assert [(each["state"], each["error_kind"]) for each in (newer, older)] == [
        ("succeeded", ""),
        ("failed", "refused"),
    ]
    assert [older[name] for name in ("read", "accepted", "rejected", "not_sent")] == [
        500,
        0,
        0,
        500,
    ]
    assert newer["duration_s"] == 3 * BATCH_S
    assert {newer["operation_Id"], older["operation_Id"]} == {
        event.operation for event in captured.of("recovered")
    }


def test_a_click_on_a_run_shows_what_happened_in_it(captured: Captured) -> None:
    [run] = show("store-runs", captured, Store="refused")
    rows = show("run-events", captured, Store="refused", Run=str(run["run"]))
    assert [row["event"] for row in rows] == [
        "catalog.run.started",
        "catalog.token.read",
        "catalog.batch.acknowledged",
        "catalog.batch.refused",
        "catalog.run.finished",
    ]
    assert [row["batch"] for row in rows] == [None, None, 1, 2, None]
    assert (rows[2]["accepted"], rows[3]["http_status"]) == (200, "422")
    assert (rows[4]["state"], rows[4]["accepted"]) == ("failed", 200)


def test_runs_of_the_same_name_in_two_stores_are_kept_apart(captured: Captured) -> None:
    events = captured.of("healthy", "refused")
    assert len({each.dimensions["run"] for each in events}) == 1
    assert show("runs-by-state", captured, events) == [
        {"state": "failed", "runs": 1},
        {"state": "succeeded", "runs": 1},
    ]
