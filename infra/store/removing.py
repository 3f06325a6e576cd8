"""`remove`: takes from a store everything that lets its PC in, and makes sure that nothing is left."""

from collections.abc import Callable

from contract.blobs import CATALOGS, RUNS, StoreName
from infra.az import AzureCli
from infra.ending import say
from infra.errors import AzError, OperatorError
from infra.installation import Installation, token_name
from infra.store.assignments import delete_assignments
from infra.store.certificates import delete_app
from infra.store.leaving import Leaving, leaving_of, left_behind
from infra.store.principals import PrincipalKind
from infra.store.tokens import delete_token
from infra.waiting import Clock


def remove(
    az: AzureCli, at: Installation, store: StoreName, clock: Clock, confirm: Callable[[str], None]
) -> str:
    """Take all rights and the token from a store; return what was done and what is left.

    `confirm` gets what is about to go, and raises OperatorError if the operator doesn't want that.
    Raises OperatorError too if a right is left in the end. Done again, it goes on where it stood.
    """
    leaving = leaving_of(az, at, store)
    confirm(_announced(leaving, at))
    # The apps first: as long as the rights are there, they tell which ones are the store's.
    problems = _delete_apps(az, at, leaving)
    say(f"Taking {len(leaving.assignments)} rights away …")
    delete_assignments(az, leaving.assignments)
    problems += left_behind(az, at, leaving, clock)
    problems += _delete_token(az, at, store)
    if problems:
        raise OperatorError(
            f"Store {store} is not gone completely:\n" + "\n".join(f"- {one}" for one in problems)
        )
    return _farewell(store, leaving, at)


def _announced(leaving: Leaving, at: Installation) -> str:
    lines = [f"From store {leaving.store} will be taken, for good:"]
    lines += [f"- its {len(leaving.assignments)} rights in {at.resource_group}"]
    lines += [
        f"- the {one}, which `add` made"
        for one in leaving.principals
        if leaving.is_made_by_us(one, at)
    ]
    lines += [f"- its Digible token (secret {token_name(leaving.store)})"]
    return "\n".join(lines)


def _delete_apps(az: AzureCli, at: Installation, leaving: Leaving) -> list[str]:
    """Delete the app registrations that `add` made; return why not, so that the rights go all the same."""
    problems = []
    for principal in leaving.principals:
        if leaving.is_made_by_us(principal, at) and principal.app is not None:
            say(f"Deleting the {principal} …")
            try:
                delete_app(az, principal.app)
            except AzError as error:
                problems.append(f"the {principal} couldn't be deleted. {error}")
    return problems


def _delete_token(az: AzureCli, at: Installation, store: StoreName) -> list[str]:
    try:
        if delete_token(az, at, store):
            say(
                "Deleted its Digible token. The vault keeps it, as expired, until purge is allowed."
            )
    except AzError as error:
        return [f"its Digible token is still in the vault: {error} Then run this again"]
    return []


def _farewell(store: StoreName, leaving: Leaving, at: Installation) -> str:
    kept = [one for one in leaving.principals if not leaving.is_made_by_us(one, at)]
    lines = [f"Store {store} has no right here any more."]
    lines += [
        f"Its principal, the {one}, stays: `add` didn't make it."
        for one in kept
        if one.kind is not PrincipalKind.GONE
    ]
    lines.append(
        f"Its blobs stay in {at.storage_account} ({CATALOGS}/{store}/, {RUNS}/{store}/) until the "
        "account's lifecycle rules delete them."
    )
    return "\n".join(lines)
