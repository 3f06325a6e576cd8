"""The alert rules ask each alert query often enough, far enough back, and store by store."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from tests.infra.bicep.snapshots import read
from tests.infra.queries.rules import RULES
from tests.infra.queries.telemetry import query_names, query_text

ALERTS = "Microsoft.Insights/scheduledQueryRules"
METRIC_ALERTS = "Microsoft.Insights/metricAlerts"
ACTION_GROUPS = "Microsoft.Insights/actionGroups"
TIMER = timedelta(minutes=5)  # it calls the function that often, at least
LATE = timedelta(minutes=10)  # telemetry may be
FURTHEST = timedelta(days=2)  # Azure lets no log alert look further back, whatever its query says
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def test_every_alert_query_is_deployed_as_it_stands_in_its_file() -> None:
    deployed = {f"alerts/{name}": rule.query for name, rule in RULES.items()}
    assert deployed == {name: query_text(name) for name in query_names("alerts")}


@pytest.mark.parametrize("name", sorted(RULES))
def test_no_event_falls_between_two_looks(name: str) -> None:
    rule = RULES[name]
    assert rule.frequency + LATE <= rule.window
    assert rule.window >= 3 * TIMER


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_query_about_the_latest_run_looks_as_far_back_as_it_can(name: str) -> None:
    rule = RULES[name]
    assert rule.window <= FURTHEST
    assert ("arg_max(" in rule.query) == (rule.window == FURTHEST)


@pytest.mark.parametrize("name", sorted(RULES))
def test_an_alert_is_split_by_store_if_its_query_names_one(name: str) -> None:
    rule = RULES[name]
    assert rule.dimensions == (("store",) if "project store," in rule.query else ())


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_query_has_nothing_that_log_alerts_refuse(name: str) -> None:
    assert list(refused(RULES[name].query, RULES[name].window)) == []


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("customEvents | where timestamp > ago(3d)", ["ago(3d) is out of sight"]),
        ("customEvents | where timestamp > ago(2 * 1h)", ["ago(2 * 1h) is no literal"]),
        ("customEvents | evaluate bag_unpack(customDimensions)", ["bag_unpack"]),
        ("customEvents | summarize AggregatedValue = count()", ["AggregatedValue"]),
        (f"customEvents // {'x' * 65_000}", ["too long"]),
        ("customEvents | where timestamp > ago(26h)", []),
    ],
)
def test_what_log_alerts_refuse_is_found(planted: str, expected: Sequence[str]) -> None:
    assert list(refused(planted, FURTHEST)) == expected


def refused(query: str, window: timedelta) -> Iterator[str]:
    """Yield what Azure does not take in the query of a log alert, or takes and does not carry out."""
    yield from re.findall(r"\b(?:bag_unpack|pivot|narrow|AggregatedValue)\b", query)
    for span in re.findall(r"\bago\(([^)]*)\)", query):
        literal = re.fullmatch(r"(\d+)([dhm])", span)
        if literal is None:
            yield f"ago({span}) is no literal"
        elif int(literal[1]) * _UNITS[literal[2]] > window:
            yield f"ago({span}) is out of sight"
    if len(query.encode()) > 60_000:
        yield "too long"


@pytest.mark.parametrize("kind", [ALERTS, METRIC_ALERTS])
def test_every_alert_reaches_the_operator_once_and_resolves_itself(kind: str) -> None:
    group = read("plain").one(ACTION_GROUPS).id
    for alert in read("plain").all(kind):
        actions = alert.properties["actions"]
        told = (
            [each["actionGroupId"] for each in actions]
            if kind == METRIC_ALERTS
            else actions["actionGroups"]
        )
        assert told == [group]
        assert alert.properties["enabled"]
        assert alert.properties["autoMitigate"]


def test_event_grids_losses_are_watched_at_the_topic() -> None:
    topic = read("plain").one("Microsoft.EventGrid/systemTopics").id
    watched = set()
    for alert in read("plain").all(METRIC_ALERTS):
        (criterion,) = alert.properties["criteria"]["allOf"]
        assert alert.properties["scopes"] == [topic]
        assert (criterion["operator"], criterion["threshold"]) == ("GreaterThan", 0)
        watched.add(criterion["metricName"])
    assert watched == {"DeadLetteredCount", "DroppedEventCount"}


@pytest.mark.parametrize(
    ("deployment", "expected"), [("plain", []), ("private", ["operator@shops.invalid"])]
)
def test_the_operator_is_written_to_if_there_is_an_address(
    deployment: str, expected: Sequence[str]
) -> None:
    receivers = read(deployment).one(ACTION_GROUPS).properties["emailReceivers"]
    assert [receiver["emailAddress"] for receiver in receivers] == expected
