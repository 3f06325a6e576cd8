"""Each alert fires on its case and is silent on healthy stores, over what the function's code sent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.infra.queries.conftest import Captured
from tests.infra.queries.rules import RULES
from tests.infra.queries.telemetry import Row, earlier, query_names, query_text, renamed, run_query
from tests.ingestion import CustomEvent

# The stores of the fleet that each alert speaks of.
FIRES_FOR = {
    "run-failed": {
        "never-successful",
        "refused",
        "failed-later",
        "abandoned",
        "invalid",
        "_unknown",
    },
    "session-expired": {"expired", "session-refused"},
    "token-expiring": {"expired", "expiring"},
    "rejections-high": {"many-rejected"},
    "store-silent": {"silent", "never-successful"},
}
OF_NO_STORE = ("sweep-found", "settings-wrong")
HOUR = timedelta(hours=1)


def stores_of(alert: str, captured: Captured, events: Sequence[CustomEvent]) -> set[object]:
    """Return the stores for which an alert fires now."""
    return {row["store"] for row in fire(alert, captured, events)}


def fire(alert: str, captured: Captured, events: Sequence[CustomEvent]) -> list[Row]:
    """Return the rows that an alert's query finds now; Azure shows it no more than its window."""
    return run_query(query_text(f"alerts/{alert}"), events, captured.now, RULES[alert].window)


def test_every_alert_is_tried_here() -> None:
    tried = {f"alerts/{alert}" for alert in (*FIRES_FOR, *OF_NO_STORE)}
    assert tried == set(query_names("alerts"))


@pytest.mark.parametrize("alert", sorted(FIRES_FOR))
def test_an_alert_fires_for_its_stores_and_no_others(alert: str, captured: Captured) -> None:
    assert stores_of(alert, captured, captured.events) == FIRES_FOR[alert]


@pytest.mark.parametrize(
    ("alert", "right", "wrong"),
    [
        ("run-failed", "'smoke-test'", "'smoke'"),
        ("run-failed", " and state != 'superseded'", ""),
        ("run-failed", "by store\n", "by store, run\n"),
        ("run-failed", "('failed', 'invalid_catalog')", "('failed')"),
        ("session-expired", "| summarize arg_max(timestamp, run, state) by store\n", ""),
        ("token-expiring", "| summarize arg_max(timestamp, run, expires_at) by store\n", ""),
        ("token-expiring", "7d", "70d"),
        ("token-expiring", "< now()", "> now()"),
        ("rejections-high", "0.1 * read", "0.09 * read"),
        ("rejections-high", "'smoke-test'", "'smoke'"),
        ("store-silent", "'smoke-test'", "'smoke'"),
        ("store-silent", "succeeded_at < silent_at", "succeeded_at > silent_at"),
    ],
)
def test_an_alert_with_a_planted_error_fires_for_other_stores(
    alert: str, right: str, wrong: str, captured: Captured
) -> None:
    text = query_text(f"alerts/{alert}")
    planted = text.replace(right, wrong)
    assert planted != text
    rows = run_query(planted, captured.events, captured.now, RULES[alert].window)
    assert {row["store"] for row in rows} != FIRES_FOR[alert]


@pytest.mark.parametrize("alert", sorted({*FIRES_FOR, *OF_NO_STORE}))
def test_healthy_stores_raise_no_alert(alert: str, captured: Captured) -> None:
    assert fire(alert, captured, captured.healthy) == []


@pytest.mark.parametrize("alert", sorted({*FIRES_FOR, *OF_NO_STORE}))
def test_without_any_event_nothing_is_raised(alert: str, captured: Captured) -> None:
    assert fire(alert, captured, []) == []


def test_the_alerts_name_the_run(captured: Captured) -> None:
    [row] = fire("run-failed", captured, captured.of("failed-later"))
    failed = [
        event.dimensions["run"]
        for event in captured.of("failed-later")
        if event.dimensions["state"] == "failed"
    ]
    assert [row["run"]] == failed
    assert (row["state"], row["error_kind"]) == ("failed", "refused")


@pytest.mark.parametrize(
    ("store", "kind"),
    [("refused", "refused"), ("abandoned", "abandoned"), ("invalid", "invalid_catalog")],
)
def test_a_failed_run_says_of_what_kind_its_error_is(
    store: str, kind: str, captured: Captured
) -> None:
    assert [row["error_kind"] for row in fire("run-failed", captured, captured.of(store))] == [kind]


@pytest.mark.parametrize(("hours", "fires"), [(0, True), (2.9, True), (3.1, False)])
def test_a_store_is_silent_as_long_as_the_sweep_says_so_every_hour(
    hours: float, fires: bool, captured: Captured
) -> None:
    events = earlier(captured.of("silent"), hours * HOUR)
    assert stores_of("store-silent", captured, events) == ({"silent"} if fires else set())


@pytest.mark.parametrize("store", ["healthy", "tenth-rejected"])
def test_a_store_that_succeeds_is_no_longer_silent_at_once(store: str, captured: Captured) -> None:
    told = earlier(captured.of("silent"), 0.5 * HOUR)
    succeeded = renamed(captured.of(store), "silent", "later-")
    assert stores_of("store-silent", captured, [*told, *succeeded]) == set()
    failed = renamed(captured.of("refused"), "silent", "later-")
    assert stores_of("store-silent", captured, [*told, *failed]) == {"silent"}


def test_a_silent_stores_last_success_is_told_if_it_had_one(captured: Captured) -> None:
    rows = {row["store"]: row for row in fire("store-silent", captured, captured.events)}
    assert rows["silent"]["last_success"] is not None
    assert rows["never-successful"]["last_success"] is None


@pytest.mark.parametrize(("days", "fires"), [(52.9, False), (53.1, True), (61, True)])
def test_a_token_is_judged_by_the_time_of_the_alert(
    days: float, fires: bool, captured: Captured
) -> None:
    """The healthy store's token has 60 days at noon, an hour before the fleet's last event."""
    later = replace(captured, now=captured.now + timedelta(days=days))
    events = earlier(captured.of("healthy"), -timedelta(days=days))
    assert stores_of("token-expiring", later, events) == ({"healthy"} if fires else set())


def test_a_sweep_that_found_something_is_told_for_an_hour(captured: Captured) -> None:
    found = [event for event in captured.events if event.name == "catalog.sweep.found"]
    assert [row["catalogs"] for row in fire("sweep-found", captured, found)] == [1]
    assert fire("sweep-found", captured, earlier(found, 2 * HOUR)) == []


def test_wrong_settings_are_told_as_long_as_they_last(captured: Captured) -> None:
    wrong = [event for event in captured.events if event.name == "app.settings.wrong"]
    [row] = fire("settings-wrong", captured, wrong)
    assert "DIGIBLE_CONCURRENCY" in str(row["problems"])
    assert fire("settings-wrong", captured, earlier(wrong, HOUR)) == []
