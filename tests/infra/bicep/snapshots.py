"""What the kept snapshots say: each resource as it would be sent to Azure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "parameters"
_ROLES = "Microsoft.Authorization/roleAssignments"
_DEFINITIONS = "Microsoft.Authorization/roleDefinitions"

BUILT_IN_ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it would be sent."""

    id: str
    type: str
    body: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        """Return what is set within `properties`."""
        properties: dict[str, Any] = self.body.get("properties", {})
        return properties


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may do what, where, and under which condition."""

    principal: str
    """An object id, or the name of the resource whose identity it is."""

    role: str
    scope: str
    """The part of the id behind the resource group's providers."""

    condition: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A deployment, evaluated."""

    resources: tuple[Resource, ...]
    outputs: dict[str, Any]

    def all(self, kind: str) -> list[Resource]:
        """Return the resources of a type."""
        return [resource for resource in self.resources if resource.type == kind]

    def one(self, kind: str) -> Resource:
        """Return the only resource of a type."""
        (resource,) = self.all(kind)
        return resource

    def grants(self) -> set[Grant]:
        """Return every role that is assigned."""
        return {_grant(resource) for resource in self.all(_ROLES)}

    def custom_roles(self) -> dict[str, list[dict[str, Any]]]:
        """Return the permissions of each role that is defined, by its name."""
        return {
            role.properties["roleName"]: role.properties["permissions"]
            for role in self.all(_DEFINITIONS)
        }

    def app_settings(self) -> dict[str, str]:
        """Return the settings of the function app."""
        site = self.one("Microsoft.Web/sites")
        pairs = [
            (each["name"], each["value"]) for each in site.properties["siteConfig"]["appSettings"]
        ]
        assert len(pairs) == len(dict(pairs)), "a setting stands there twice"
        return dict(pairs)

    def text(self) -> str:
        """Return all of it as text."""
        return json.dumps([[resource.body for resource in self.resources], self.outputs])


@cache
def read(name: str) -> Snapshot:
    """Return a kept snapshot."""
    return parse((_FOLDER / f"{name}.snapshot.json").read_text(encoding="utf-8"))


def parse(text: str) -> Snapshot:
    """Return a snapshot, given as the compiler writes it."""
    document = json.loads(text)
    assert document["diagnostics"] == []
    resources = tuple(
        Resource(body["id"], body["type"], body) for body in document["predictedResources"]
    )
    return Snapshot(resources, document["outputs"])


def strings(value: Any) -> Iterator[str]:
    """Yield every string within a value."""
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from strings(each)
        case list():
            for each in value:
                yield from strings(each)


def _grant(resource: Resource) -> Grant:
    properties = resource.properties
    role = properties["roleDefinitionId"].rpartition("/")[2]
    scope = resource.id.partition(f"/providers/{_ROLES}/")[0].partition("/providers/")[2]
    return Grant(
        _principal(properties["principalId"]),
        BUILT_IN_ROLES.get(role, role),
        scope,
        properties.get("condition"),
    )


def _principal(expression: str) -> str:
    """Return whose identity it is: until the deployment its object id is only an expression."""
    if owner := re.match(r"\[reference\('[^']*/([^'/]+)'", expression):
        return owner[1]
    return expression
