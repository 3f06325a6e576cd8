"""What a store has before it is removed, and what is left of it afterwards."""

from dataclasses import dataclass

from contract.blobs import StoreName
from infra.az import AzureCli
from infra.installation import Installation
from infra.store.assignments import all_assignments, assignments_of
from infra.store.certificates import app_name, find_app
from infra.store.checking import named
from infra.store.principals import Principal, PrincipalKind, look_up
from infra.store.rights import Assignment, beyond, is_inside, judged
from infra.waiting import Clock, wait_for

_SETTLING = 60.0
"""Seconds that a deleted assignment may still be listed."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a store has."""

    store: StoreName
    assignments: list[Assignment]
    principals: list[Principal]

    def is_made_by_us(self, principal: Principal, at: Installation) -> bool:
        """Return whether a principal is the app registration that `add` made for the store."""
        is_app = principal.kind is PrincipalKind.APP
        return is_app and principal.name == app_name(self.store, at)


def leaving_of(az: AzureCli, at: Installation, store: StoreName) -> Leaving:
    """Return the store's rights and its principals; raises AzError."""
    assignments = _of_store(all_assignments(az), store, at)
    principals = look_up(az, {one.principal for one in assignments})
    return Leaving(store, assignments, list(principals.values()))


def _of_store(
    assignments: list[Assignment], store: StoreName, at: Installation
) -> list[Assignment]:
    """Return the store's rights, and what looks like them but names the store alone."""
    held, odd = judged(assignments, at)
    rights = [one.assignment for one in held if one.store == store]
    return rights + [one.assignment for one in odd if one.stores == (store,)]


def _still(az: AzureCli, store: StoreName, at: Installation) -> list[Assignment]:
    """Return the assignments that let somebody act as the store, alone or among others."""
    held, odd = judged(all_assignments(az), at)
    rights = [one.assignment for one in held if one.store == store]
    return rights + [one.assignment for one in odd if store in one.stores]


def left_behind(az: AzureCli, at: Installation, leaving: Leaving, clock: Clock) -> list[str]:
    """Return what still gives access, in words; Azure gets a minute to forget what was deleted."""
    still: list[Assignment] = []

    def gone() -> bool | None:
        still[:] = _still(az, leaving.store, at)
        return None if still else True

    wait_for(gone, clock, patience=_SETTLING, pause=10)
    problems = [
        f"{one.principal} still has {one.role_name} on {one.scope}: "
        f"`az role assignment delete --ids {one.id}`"
        for one in still
    ]
    for principal in leaving.principals:
        problems += _other_rights(az, at, leaving, principal)
    return problems + _app_left(az, app_name(leaving.store, at), clock)


def _app_left(az: AzureCli, name: str, clock: Clock) -> list[str]:
    def gone() -> bool | None:
        return True if find_app(az, name) is None else None

    if wait_for(gone, clock, patience=_SETTLING, pause=10):
        return []
    delete = f"`az ad app delete --id {find_app(az, name)}`"
    return [f"there is still an app registration {name}. If it isn't somebody else's: {delete}"]


def _other_rights(
    az: AzureCli, at: Installation, leaving: Leaving, principal: Principal
) -> list[str]:
    """Return the rights of a principal that it had from elsewhere, inside the installation.

    A person may well have some. What a PC has was given to it for the store.
    """
    deleted = leaving.is_made_by_us(principal, at) or principal.kind is PrincipalKind.GONE
    if deleted or principal.kind is PrincipalKind.USER:
        return []
    more = beyond(assignments_of(az, principal.id), leaving.store, at)
    return [
        f"the {principal} also has {named([one])}, which `add` didn't give: "
        f"`az role assignment delete --ids {one.id}`"
        for one in more
        if is_inside(one, at)
    ]
