"""Events come twice or not at all: counts don't double, and what is still known is shown."""

from collections.abc import Sequence

import pytest

from tests.infra.queries.conftest import Captured
from tests.infra.queries.rules import RULES
from tests.infra.queries.table import EVENTS
from tests.infra.queries.telemetry import Row, query_names, query_text, run_query
from tests.ingestion import CustomEvent

# One row is one event there: it is what the person looks for.
LISTS_EVENTS = {"run-events", "alerts/sweep-found", "alerts/settings-wrong"}
_PARAMETERS = {"Store": "healthy", "Run": "120100.1"}


def result(name: str, captured: Captured, events: Sequence[CustomEvent]) -> list[Row]:
    """Return what a query shows now; an alert's rows are in no order."""
    if not name.startswith("alerts/"):
        return run_query(query_text(name, _PARAMETERS), events, captured.now)
    window = RULES[name.removeprefix("alerts/")].window
    rows = run_query(query_text(name), events, captured.now, window)
    return sorted(rows, key=lambda row: str(row.get("store")))


@pytest.mark.parametrize("name", sorted({*query_names(), *query_names("alerts")} - LISTS_EVENTS))
def test_doubled_events_change_nothing(name: str, captured: Captured) -> None:
    once = list(captured.events)
    assert result(name, captured, [*once, *once]) == result(name, captured, once)


def test_a_query_that_counts_events_is_caught(captured: Captured) -> None:
    counting = "customEvents | where name == 'catalog.run.finished' | summarize runs = count()"
    once = list(captured.events)
    assert run_query(counting, once, captured.now) != run_query(counting, once * 2, captured.now)


@pytest.mark.parametrize("missing", sorted(set(EVENTS) - {"catalog.run.finished"}))
@pytest.mark.parametrize("name", ["runs-by-state", "runs-by-store", "stores", "alerts/run-failed"])
def test_without_any_other_event_a_finished_run_is_still_known(
    name: str, missing: str, captured: Captured
) -> None:
    ended = [
        event for event in captured.events if event.dimensions.get("store") not in ("waiting", None)
    ]
    left = [event for event in ended if event.name != missing]
    assert result(name, captured, left) == result(name, captured, ended)


def test_a_run_whose_end_was_lost_is_shown_as_on_its_way(captured: Captured) -> None:
    left = [each for each in captured.of("healthy") if each.name != "catalog.run.finished"]
    assert result("runs-by-state", captured, left) == [{"state": "sending", "runs": 1}]
    [run] = result("store-runs", captured, left)
    assert (run["state"], run["read"], run["accepted"]) == ("sending", 500, 500)
    [store] = result("stores", captured, left)
    assert (store["state"], store["last_success"]) == ("sending", None)
