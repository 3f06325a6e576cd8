"""Role assignments, as `az` lists and deletes them."""

from collections.abc import Iterable
from typing import Any

from infra.az import AzureCli
from infra.store.rights import Assignment, guid_of


def all_assignments(az: AzureCli) -> list[Assignment]:
    """Return every role assignment in the installation's subscription."""
    # Role names, but no names of principals: those would take another right, in the directory.
    listed = az.resources("role", "assignment", "list", "--all", "--fill-principal-name", "false")
    return [_assignment(one) for one in listed or []]


def assignments_of(az: AzureCli, principal: str) -> list[Assignment]:
    """Return what a principal may do in the subscription, by itself or through its groups."""
    listed = az.resources(
        *("role", "assignment", "list", "--all", "--fill-principal-name", "false"),
        *("--assignee-object-id", principal, "--include-groups"),
    )
    return [_assignment(one) for one in listed or []]


def delete_assignments(az: AzureCli, assignments: Iterable[Assignment]) -> None:
    """Delete role assignments; one that is no longer there is no error."""
    ids = [assignment.id for assignment in assignments]
    if ids:
        az.resources("role", "assignment", "delete", "--ids", *ids)


def _assignment(one: dict[str, Any]) -> Assignment:
    return Assignment(
        id=str(one["id"]),
        principal=str(one["principalId"]),
        role=guid_of(str(one["roleDefinitionId"])),
        role_name=str(one.get("roleDefinitionName") or guid_of(str(one["roleDefinitionId"]))),
        scope=str(one["scope"]),
        condition=one.get("condition"),
    )
