"""Each query is right for the tables that Application Insights has, and has the columns it promises."""

from collections.abc import Mapping

import pytest

from tests.infra.queries.analyser import Analysis, analyse
from tests.infra.queries.columns import COLUMNS
from tests.infra.queries.telemetry import query_names, query_text

# Each with what the analyser must say about it.
PLANTED = {
    "customEvents | where nme == 'catalog.run.finished'": "'nme' does not refer to any known column",
    "customEvent | take 1": "'customEvent' does not refer to any known table",
    "customEvents | where name > 3": "not defined for the operand types string and long",
    "customEvents | summarise count()": "Query operator expected",
    "customEvents | where timestamp > ago('26h')": "A value of type timespan expected",
    "customEvents | extend share = tolong(customMeasurements.read) / name": "'/' is not defined",
    "customEvents | project name\n| where timestamp > ago(1h)": "line 2: Error",
}


@pytest.fixture(scope="module")
def analyses() -> Mapping[str, Analysis]:
    """Analyse everything at once: loading the analyser is what takes time."""
    queries = {name: query_text(name) for name in (*query_names(), *query_names("alerts"))}
    return analyse({**queries, **{planted: planted for planted in PLANTED}})


def test_every_query_has_its_columns_declared() -> None:
    assert sorted([*query_names(), *query_names("alerts")]) == sorted(COLUMNS)


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_query_has_no_error_no_warning_and_its_columns(
    name: str, analyses: Mapping[str, Analysis]
) -> None:
    found = analyses[name]
    assert found.problems == ()
    columns = ", ".join(f"{column}: {kind}" for column, kind in found.columns.items())
    assert columns == COLUMNS[name]


@pytest.mark.parametrize("planted", sorted(PLANTED))
def test_a_planted_error_is_found(planted: str, analyses: Mapping[str, Analysis]) -> None:
    assert any(PLANTED[planted] in problem for problem in analyses[planted].problems)


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_query_says_in_its_first_line_what_it_shows(name: str) -> None:
    first, second = query_text(name).splitlines()[:2]
    assert first.startswith("// ")
    assert first.endswith(".")
    assert not second.startswith("//")


@pytest.mark.parametrize("name", query_names("alerts"))
def test_an_alert_splits_by_text_and_has_no_column_that_azure_would_take_for_its_time(
    name: str, analyses: Mapping[str, Analysis]
) -> None:
    columns = analyses[name].columns
    assert columns.get("store", "string") == "string"
    assert not {"timestamp", "TimeGenerated"} & set(columns)
