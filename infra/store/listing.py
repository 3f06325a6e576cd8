"""`list`: the stores that have rights, and with what they sign in."""

import json
from dataclasses import dataclass

from contract.blobs import StoreName
from infra.az import AzureCli
from infra.errors import ExitCode
from infra.installation import Installation
from infra.store.assignments import all_assignments
from infra.store.principals import Principal, look_up
from infra.store.rights import Held, Kind, Odd, judged
from infra.store.showing import table


@dataclass(frozen=True, slots=True)
class Listed:
    """A store, with one of its principals."""

    store: StoreName
    principal: Principal
    rights: int

    @property
    def is_complete(self) -> bool:
        """Whether the principal has all rights of the store."""
        return self.rights == len(Kind)


def list_stores(az: AzureCli, at: Installation, *, as_json: bool) -> tuple[str, ExitCode]:
    """Return the list of the stores, and the exit code: FAILED if somebody has rights that no store has.

    Raises OperatorError.
    """
    held, odd = judged(all_assignments(az), at)
    assignments = [one.assignment for one in held] + [one.assignment for one in odd]
    principals = look_up(az, (one.principal for one in assignments))
    listed = _listed(held, principals)
    code = ExitCode.FAILED if odd else ExitCode.DONE
    if as_json:
        return _json(listed, odd), code
    return _text(listed, odd, principals), code


def _listed(held: list[Held], principals: dict[str, Principal]) -> list[Listed]:
    kinds: dict[tuple[StoreName, str], set[Kind]] = {}
    for one in held:
        kinds.setdefault((one.store, one.assignment.principal), set()).add(one.kind)
    return [
        Listed(store, principals[principal], len(rights))
        for (store, principal), rights in sorted(kinds.items())
    ]


def _text(listed: list[Listed], odd: list[Odd], principals: dict[str, Principal]) -> str:
    rows = [
        (one.store, str(one.principal), f"{one.rights} of {len(Kind)}", one.principal.id)
        for one in listed
    ]
    lines = (
        [table(("STORE", "SIGNS IN AS", "RIGHTS", "OBJECT ID"), rows)] if rows else ["No stores."]
    )
    if any(not one.is_complete for one in listed):
        lines.append(
            "\nA store without all its rights: `python -m infra.store check STORE` says why."
        )
    if odd:
        lines.append("\nThese assignments of stores' roles are not exactly the rights of a store:")
        lines += [f"- {described(one, principals[one.assignment.principal])}" for one in odd]
        lines.append("Delete each that nobody needs: `az role assignment delete --ids …`.")
    return "\n".join(lines)


def described(odd: Odd, principal: Principal) -> str:
    """Return an odd assignment in words: who has what where, for which store it seems to be."""
    named = f", which names {', '.join(odd.stores)}" if odd.stores else ", for no store"
    one = odd.assignment
    return f"{principal}: {one.role_name} on {one.scope}{named} ({one.id})"


def _json(listed: list[Listed], odd: list[Odd]) -> str:
    document = {
        "stores": [
            {
                "store": one.store,
                "principal_id": one.principal.id,
                "principal_kind": one.principal.kind.value,
                "principal_name": one.principal.name,
                "rights": one.rights,
                "complete": one.is_complete,
            }
            for one in listed
        ],
        "odd_assignments": [
            {
                "id": one.assignment.id,
                "principal_id": one.assignment.principal,
                "role": one.assignment.role_name,
                "scope": one.assignment.scope,
                "stores_named": list(one.stores),
            }
            for one in odd
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
