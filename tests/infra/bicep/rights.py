"""What a principal may do, judged by the roles that the snapshots give it."""

from collections.abc import Iterable

from tests.infra.bicep.abac import Access, is_allowed
from tests.infra.bicep.snapshots import Grant, read

# The ids that the parameter files give to the stores' roles.
CATALOG_WRITER = "00000000-0000-0000-0000-00000000c001"
RUN_READER = "00000000-0000-0000-0000-00000000c002"
TOKEN_SETTER = "00000000-0000-0000-0000-00000000c003"
NAMES = {
    CATALOG_WRITER: "shopMaster catalogue writer",
    RUN_READER: "shopMaster run reader",
    TOKEN_SETTER: "shopMaster token setter",
}


def may(grants: Iterable[Grant], principal: str, access: Access, scope: str) -> bool:
    """Return whether a principal may do something at a place, by any of its roles."""
    return any(
        grant.principal == principal
        and f"{scope}/".startswith(f"{grant.scope}/")
        and access.action.lower() in _data_actions(grant.role)
        and (grant.condition is None or is_allowed(grant.condition, access))
        for grant in grants
    )


def _data_actions(role: str) -> set[str]:
    """Return what a store's role allows, in small letters as Azure compares."""
    (permissions,) = (
        permissions
        for name, permissions in read("plain").custom_roles().items()
        if name.startswith(NAMES[role])
    )
    return {action.lower() for each in permissions for action in each["dataActions"]}
