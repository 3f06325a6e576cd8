"""The workbook shows every query once, and each column and parameter that it names exists."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.bicep.snapshots import read, strings
from tests.infra.queries.columns import COLUMNS
from tests.infra.queries.telemetry import QUERIES, query_names, query_text

FILE = json.loads((QUERIES.parent / "workbook.json").read_text(encoding="utf-8"))
QUERY, PARAMETERS = 3, 9


def test_every_query_is_deployed_in_its_place_as_it_stands_in_its_file() -> None:
    expected = copy.deepcopy(FILE)
    for item in queries(expected):
        item["content"]["query"] = query_text(item["content"]["query"].removesuffix(".kql"))
    expected["fallbackResourceIds"] = [read("plain").one("Microsoft.Insights/components").id]
    deployed = read("plain").one("Microsoft.Insights/workbooks")
    assert json.loads(deployed.properties["serializedData"]) == expected
    assert [deployed.properties["sourceId"]] == expected["fallbackResourceIds"]


def test_every_query_is_shown_once() -> None:
    assert sorted(item["content"]["query"] for item in queries(FILE)) == [
        f"{name}.kql" for name in query_names()
    ]


def test_every_query_follows_the_time_range() -> None:
    assert {item["content"]["timeContextFromParameter"] for item in queries(FILE)} == {"TimeRange"}


def test_the_workbook_names_only_what_exists() -> None:
    assert list(problems(FILE)) == []


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("stores", {"exportFieldName": "shop"}, "stores: column shop"),
        ("stores", {"exportParameterName": "Shop"}, "store-runs: parameter Store"),
        ("throughput", {"chartSettings": {"xAxis": "hours"}}, "throughput: column hours"),
        ("runs-by-day", {"chartSettings": {"yAxis": ["run"]}}, "runs-by-day: column run"),
        (
            "token-expiry",
            {"gridSettings": {"labelSettings": [{"columnId": "expires"}]}},
            "token-expiry: column expires",
        ),
        ("run-events", {"title": "What happened in {run}"}, "run-events: parameter run"),
        ("stores", {"gridSettings": {}}, "stores: no label for store"),
    ],
)
def test_a_planted_error_is_found(name: str, change: dict[str, Any], expected: str) -> None:
    planted = copy.deepcopy(FILE)
    (item,) = (each for each in planted["items"] if each["name"] == name)
    item["content"] |= change
    assert expected in list(problems(planted))


def queries(workbook: Any) -> Iterator[Any]:
    """Yield the items that show a query."""
    return (item for item in workbook["items"] if item["type"] == QUERY)


def problems(workbook: Any) -> Iterator[str]:
    """Yield each column, label or parameter that something names and nothing has."""
    parameters = set()
    for item in workbook["items"]:
        content = item["content"]
        text = content.get("json", content.get("title", ""))
        visibility = item.get("conditionalVisibility")
        needed = {visibility["parameterName"]} if visibility else set()
        if item["type"] == PARAMETERS:
            parameters |= {parameter["name"] for parameter in content["parameters"]}
        if item["type"] == QUERY:
            name = content["query"].removesuffix(".kql")
            text += query_text(name)
            columns = [column.partition(":")[0] for column in COLUMNS[name].split(", ")]
            yield from (f"{name}: {problem}" for problem in _columns(content, columns))
            needed.add(content["timeContextFromParameter"])
        for parameter in sorted({*needed, *re.findall(r"\{(\w+)\}", text)} - parameters):
            yield f"{item['name']}: parameter {parameter}"
        if "exportParameterName" in content:
            parameters.add(content["exportParameterName"])


def _columns(content: Any, columns: list[str]) -> Iterator[str]:
    """Yield what is wrong in how a query's columns are shown."""
    grid, chart = content.get("gridSettings", {}), content.get("chartSettings", {})
    named = [each["columnMatch"] for each in grid.get("formatters", [])]
    labelled = [each["columnId"] for each in grid.get("labelSettings", [])]
    named += labelled
    named += strings([chart.get("xAxis", []), chart.get("yAxis", []), chart.get("group", [])])
    named += [each["seriesName"] for each in chart.get("seriesLabelSettings", [])]
    tile = content.get("tileSettings", {})
    named += [each["columnMatch"] for each in tile.values() if isinstance(each, dict)]
    named += strings(content.get("exportFieldName", []))
    for name in named:
        if name not in columns:
            yield f"column {name}"
    if content["visualization"] == "table":
        yield from (f"no label for {name}" for name in columns if name not in labelled)
