"""What a store may do: the three rights that `infra/store.bicep` gives it, recognised to the letter."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from contract.blobs import InvalidStoreError, StoreName, parse_store
from infra.installation import Installation, token_name

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_READ = f"ActionMatches{{'{_BLOBS}/read'}}"
_NEITHER_WRITE_NOR_ADD = (
    f"!(ActionMatches{{'{_BLOBS}/write'}}) AND !(ActionMatches{{'{_BLOBS}/add/action'}})"
)
_LISTING = "SubOperationMatches{'Blob.List'}"
_PREFIX = re.compile(r"StringStartsWith '([^']*)/'")
_TOKEN_SCOPE = re.compile(rf"/secrets/{token_name('(?P<store>[^/]*)')}\Z", re.IGNORECASE)


class Kind(StrEnum):
    """What a right is for."""

    CATALOGS = "writes its catalogues"
    RUNS = "reads its run records"
    TOKEN = "sets its token"  # noqa: S105  what it is for


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role that a principal has, as Azure describes it."""

    id: str
    principal: str
    """Object id."""

    role: str
    """The role definition's GUID."""

    role_name: str
    scope: str
    condition: str | None


@dataclass(frozen=True, slots=True)
class Right:
    """A role on a scope, under a condition."""

    kind: Kind
    role: str
    scope: str
    condition: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """An assignment that is one of a store's rights."""

    store: StoreName
    kind: Kind
    assignment: Assignment


@dataclass(frozen=True, slots=True)
class Odd:
    """An assignment of a store's role that is not exactly a right of any store."""

    stores: tuple[str, ...]
    """The stores that it names."""

    assignment: Assignment


def rights_of(store: StoreName, at: Installation) -> tuple[Right, ...]:
    """Return the rights of a store, word for word what `infra/store.bicep` assigns."""
    path = f"(@Resource[{_BLOBS}:path] StringStartsWith '{store}/')"
    prefix = f"(@Request[{_BLOBS}:prefix] StringStartsWith '{store}/')"
    writes = f"(({_NEITHER_WRITE_NOR_ADD}) OR {path})"
    reads = f"((!({_READ} AND NOT {_LISTING})) OR {path})"
    lists = f"((!({_READ} AND {_LISTING})) OR {prefix})"
    return (
        Right(Kind.CATALOGS, at.catalog_writer_role, at.catalogs_id, writes),
        Right(Kind.RUNS, at.run_reader_role, at.runs_id, f"{reads} AND {lists}"),
        Right(Kind.TOKEN, at.token_setter_role, at.token_id(store), None),
    )


def judged(assignments: Iterable[Assignment], at: Installation) -> tuple[list[Held], list[Odd]]:
    """Divide the assignments of the stores' roles into rights of stores and odd ones.

    The store is read from what Azure enforces (scope and condition), never from a description.
    """
    held: list[Held] = []
    odd: list[Odd] = []
    for assignment in assignments:
        if assignment.role not in _roles(at) or not _is_within(assignment.scope, at.group_id):
            continue
        named = tuple(dict.fromkeys(_stores_named(assignment)))
        right = _right(named, assignment, at)
        if right is None:
            odd.append(Odd(named, assignment))
        else:
            held.append(right)
    return held, odd


def beyond(
    principal_holds: Iterable[Assignment], store: StoreName, at: Installation
) -> list[Assignment]:
    """Return what a principal may do in the installation beyond the rights of the store.

    Rights on the subscription or above reach into the installation, too.
    """
    return [
        assignment
        for assignment in principal_holds
        if _reaches(assignment.scope, at.group_id) and _right((store,), assignment, at) is None
    ]


def is_inside(assignment: Assignment, at: Installation) -> bool:
    """Return whether an assignment was made in the installation's resource group, not above it."""
    return _is_within(assignment.scope, at.group_id)


def guid_of(role: str) -> str:
    """Return the GUID of a role definition, given its resource id or the GUID itself."""
    return role.rpartition("/")[2].lower()


def _right(named: tuple[str, ...], assignment: Assignment, at: Installation) -> Held | None:
    """Return the assignment as a right of the one store that it names, if it is exactly that."""
    if len(named) != 1:
        return None
    try:
        store = parse_store(named[0])
    except InvalidStoreError:
        return None
    for right in rights_of(store, at):
        if (
            assignment.role == guid_of(right.role)
            and assignment.scope.lower() == right.scope.lower()
            and _plain(assignment.condition) == _plain(right.condition)
        ):
            return Held(store, right.kind, assignment)
    return None


def _roles(at: Installation) -> set[str]:
    return {guid_of(r) for r in (at.catalog_writer_role, at.run_reader_role, at.token_setter_role)}


def _stores_named(assignment: Assignment) -> Iterator[str]:
    yield from _PREFIX.findall(assignment.condition or "")
    if found := _TOKEN_SCOPE.search(assignment.scope):
        yield found["store"]


def _plain(condition: str | None) -> str:
    """Return a condition without the white space that the portal adds to it."""
    return re.sub(r"\s+", "", condition or "")


def _is_within(scope: str, above: str) -> bool:
    return f"{scope}/".lower().startswith(f"{above}/".lower())


def _reaches(scope: str, group: str) -> bool:
    """Return whether a right on a scope counts in a resource group."""
    is_above = scope == "/" or "/managementGroups/" in scope or _is_within(group, scope)
    return is_above or _is_within(scope, group)
