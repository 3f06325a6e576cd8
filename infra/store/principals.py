"""The principals with which stores sign in, as the directory (Microsoft Entra ID) describes them."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from infra.az import AzureCli
from infra.errors import OperatorError

_GET_BY_IDS = "https://graph.microsoft.com/v1.0/directoryObjects/getByIds"
_AT_ONCE = 1_000
_MACHINE = "/providers/microsoft.hybridcompute/machines/"


class PrincipalKind(StrEnum):
    """How a principal signs in."""

    ARC = "Arc machine"
    APP = "app registration"
    IDENTITY = "managed identity"
    USER = "user"
    GONE = "deleted principal"


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, or something that signs in as itself."""

    id: str
    """Object id."""

    kind: PrincipalKind
    name: str
    """What people know it by: of an Arc machine, the machine's name."""

    app: str | None = None
    """The client id of an app registration."""

    @property
    def type(self) -> str:
        """What Azure calls its type in a role assignment."""
        return "User" if self.kind is PrincipalKind.USER else "ServicePrincipal"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def look_up(az: AzureCli, ids: Iterable[str]) -> dict[str, Principal]:
    """Return the principals with these object ids; one that doesn't exist any more is GONE."""
    wanted = sorted(set(ids))
    found = {one: Principal(one, PrincipalKind.GONE, one) for one in wanted}
    for some in _chunks(wanted):
        for one in _get_by_ids(az, some):
            principal = _principal(one)
            if principal is not None:
                found[principal.id] = principal
    return found


def existing(az: AzureCli, id_: str, type_: str) -> Principal:
    """Return the principal with an object id; raises OperatorError if there is none of that type."""
    principal = look_up(az, [id_])[id_]
    if principal.kind is PrincipalKind.GONE:
        raise OperatorError(
            f"The directory has no user and no service principal with the object id {id_}. Of an app, "
            "take the object id of its enterprise application, not that of the app registration."
        )
    if principal.type != type_:
        raise OperatorError(f"{principal} is no {type_}: give --principal-type {principal.type}.")
    return principal


def arc_machine(az: AzureCli, machine: str, group: str | None) -> Principal:
    """Return the identity of a machine that is connected by Azure Arc; raises OperatorError."""
    kind = "Microsoft.HybridCompute/machines"
    where = () if group is None else ("--resource-group", group)
    listed = az.resources("resource", "list", "--resource-type", kind, *where) or []
    ids = [str(one["id"]) for one in listed if str(one["name"]).lower() == machine.lower()]
    if len(ids) > 1:
        groups = sorted(one.split("/")[4] for one in ids)
        raise OperatorError(
            f"There are {len(ids)} machines named {machine}, in {', '.join(groups)}. "
            "Say which by --arc-resource-group."
        )
    if not ids:
        raise OperatorError(
            f"Azure Arc knows no machine {machine} in this subscription. Connect it first, by "
            "`azcmagent connect` on the PC; `azcmagent show` there tells its name."
        )
    identity = az.resources("resource", "show", "--ids", ids[0]).get("identity") or {}
    if not identity.get("principalId"):
        raise OperatorError(
            f"The machine {machine} has no identity yet. Run `azcmagent show` on the PC: it must say "
            "Connected."
        )
    return Principal(str(identity["principalId"]), PrincipalKind.ARC, machine)


def _get_by_ids(az: AzureCli, ids: Sequence[str]) -> list[dict[str, Any]]:
    body = {"ids": list(ids), "types": ["user", "servicePrincipal"]}
    with tempfile.TemporaryDirectory() as folder:
        # In a file: Windows' command line would lose the quotes.
        file = Path(folder) / "body.json"
        file.write_text(json.dumps(body), encoding="utf-8")
        answer = az.directory(
            *("rest", "--method", "post", "--url", _GET_BY_IDS, "--body", f"@{file}")
        )
    return list(answer["value"])


def _principal(one: dict[str, Any]) -> Principal | None:
    id_, name = str(one["id"]), str(one.get("displayName") or one["id"])
    match str(one.get("@odata.type")).rpartition(".")[2], one.get("servicePrincipalType"):
        case "user", _:
            return Principal(id_, PrincipalKind.USER, str(one.get("userPrincipalName") or name))
        case "servicePrincipal", "ManagedIdentity":
            machine = _machine(one.get("alternativeNames") or [])
            if machine is None:
                return Principal(id_, PrincipalKind.IDENTITY, name)
            return Principal(id_, PrincipalKind.ARC, machine)
        case "servicePrincipal", _:
            return Principal(id_, PrincipalKind.APP, name, str(one["appId"]))
        case _:
            return None


def _machine(alternative_names: Iterable[str]) -> str | None:
    """Return the Arc machine that a managed identity belongs to, if it is one."""
    for name in alternative_names:
        if _MACHINE in name.lower():
            return name.rpartition("/")[2]
    return None


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(ids), _AT_ONCE):
        yield ids[first : first + _AT_ONCE]
