"""The alert rules as they would be deployed, read from a kept snapshot: this needs no compiler."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tests.infra.bicep.snapshots import Resource, read

PREFIX: Final = "alert-"
_DURATIONS: Final = {
    "PT5M": timedelta(minutes=5),
    "PT15M": timedelta(minutes=15),
    "PT1H": timedelta(hours=1),
    "PT3H": timedelta(hours=3),
    "P2D": timedelta(days=2),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """When an alert asks what."""

    query: str
    frequency: timedelta
    window: timedelta
    """How far back its query can look."""

    dimensions: tuple[str, ...]
    """The columns for each of whose values it fires separately."""


def _rule(resource: Resource) -> Rule:
    properties = resource.properties
    (criterion,) = properties["criteria"]["allOf"]
    return Rule(
        criterion["query"],
        _DURATIONS[properties["evaluationFrequency"]],
        _DURATIONS[properties["windowSize"]],
        tuple(dimension["name"] for dimension in criterion["dimensions"]),
    )


RULES: Final = {
    resource.body["name"].removeprefix(PREFIX): _rule(resource)
    for resource in read("plain").all("Microsoft.Insights/scheduledQueryRules")
}
"""Each alert that asks a query, by the query's name."""
