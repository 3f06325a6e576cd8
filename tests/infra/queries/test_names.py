"""Queries use only the events, dimensions, measurements and states that the function sends."""

import re
from collections.abc import Iterator
from itertools import chain

import pytest

from contract.product import Stage
from contract.run import RunState
from tests.infra.queries.conftest import Captured
from tests.infra.queries.table import EVENTS
from tests.infra.queries.telemetry import query_names, query_text

_EVENT = re.compile(r"\bname (==|startswith) '([^']*)'")
_FIELD = re.compile(r"\bcustom(Dimensions|Measurements)\.(\w+)")
_STATES = re.compile(r"\bstate (?:==|!=|!?in) \(?((?:'\w+'(?:, )?)+)\)?")
_RUN_STATES = {state.value for state in RunState}
_ADDED_BY_THE_SENDER = {"logger_name"}

PLANTED = {
    "customEvents | where name == 'catalog.run.finnished'": "event catalog.run.finnished",
    "customEvents | where name startswith 'catalogue.'": "event catalogue.",
    "customEvents | where name == 'catalog.run.finished' | extend s = tostring(customDimensions.shop)": "dimension shop",
    "customEvents | where name == 'catalog.run.finished' | extend a = tolong(customMeasurements.acepted)": "measurement acepted",
    "customEvents | where name == 'catalog.run.started' | extend e = tostring(customDimensions.error_kind)": "dimension error_kind",
    "customEvents | where name == 'catalog.run.finished' and state in ('failed', 'canceled')": "state canceled",
    "customEvents | where state != 'superceded'": "state superceded",
    "customEvents | count": "no event",
}


def problems(query: str) -> Iterator[str]:
    """Yield every name in a query that no event has."""
    named = _EVENT.findall(query)
    events = set()
    for operator, text in named:
        fitting = {
            name for name in EVENTS if name == text or (operator != "==" and name.startswith(text))
        }
        if not fitting:
            yield f"event {text}"
        events |= fitting
    if not named:
        yield "no event"
    dimensions = set(chain.from_iterable(EVENTS[name].dimensions for name in events))
    measurements = set(chain.from_iterable(EVENTS[name].measurements for name in events))
    for kind, field in _FIELD.findall(query):
        if kind == "Dimensions" and field not in dimensions:
            yield f"dimension {field}"
        if kind == "Measurements" and field not in measurements:
            yield f"measurement {field}"
    for text in _STATES.findall(query):
        for state in re.findall(r"'(\w+)'", text):
            if state not in _RUN_STATES:
                yield f"state {state}"


@pytest.mark.parametrize("name", [*query_names(), *query_names("alerts")])
def test_a_query_uses_only_names_that_events_have(name: str) -> None:
    assert list(problems(query_text(name))) == []


@pytest.mark.parametrize("planted", sorted(PLANTED))
def test_a_planted_misspelling_is_found(planted: str) -> None:
    assert PLANTED[planted] in list(problems(planted))


def test_the_code_sends_every_event_of_the_table_and_no_other(captured: Captured) -> None:
    assert {event.name for event in captured.events} == set(EVENTS)


def test_the_code_sends_only_what_the_table_says(captured: Captured) -> None:
    for event in captured.events:
        shape = EVENTS[event.name]
        assert set(event.dimensions) - _ADDED_BY_THE_SENDER <= shape.dimensions, event
        assert set(event.measurements) <= shape.measurements, event


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_the_code_sends_all_that_the_table_says(name: str, captured: Captured) -> None:
    sent = [event for event in captured.events if event.name == name]
    assert set(chain.from_iterable(event.dimensions for event in sent)) >= EVENTS[name].dimensions
    assert (
        set(chain.from_iterable(event.measurements for event in sent)) >= EVENTS[name].measurements
    )


def test_states_and_stages_are_those_of_the_contract(captured: Captured) -> None:
    dimensions = [event.dimensions for event in captured.events]
    assert {each["state"] for each in dimensions if "state" in each} <= _RUN_STATES
    assert {each["stage"] for each in dimensions if "stage" in each} == {
        stage.value for stage in Stage
    }


def test_every_event_of_a_run_names_its_store_and_run(captured: Captured) -> None:
    for event in captured.events:
        if "run" in EVENTS[event.name].dimensions:
            assert event.dimensions["store"]
            assert event.dimensions["run"]
            assert event.operation
