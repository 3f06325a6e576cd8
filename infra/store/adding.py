"""`add`: finds or makes a store's principal, and gives it the store's rights."""

from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from contract.blobs import StoreName
from infra.az import AzureCli
from infra.bicep import deploy
from infra.ending import say
from infra.errors import AzError, OperatorError
from infra.installation import Installation
from infra.store.assignments import all_assignments
from infra.store.certificates import (
    app_name,
    delete_app,
    find_app,
    make_app,
    read_certificate,
    trust,
)
from infra.store.commands import Add, ArcMachine, CertificateFile, GivenPrincipal
from infra.store.pc import handover
from infra.store.principals import Principal, arc_machine, existing, look_up
from infra.store.rights import Held, judged
from infra.store.tokens import recover_expired
from infra.waiting import Clock


@dataclass(frozen=True, slots=True)
class Found:
    """A store's principal, and whether it was made a moment ago."""

    principal: Principal
    is_new: bool = False


def add(az: AzureCli, at: Installation, wanted: Add, clock: Clock) -> str:
    """Give a store its rights and return what its PC needs; done again, the result is the same.

    Raises OperatorError; then no new principal is left behind.
    """
    held, _ = judged(all_assignments(az), at)
    if isinstance(wanted.sign_in, CertificateFile):
        read_certificate(wanted.sign_in.file)  # before anything is made
    found = _principal(az, at, wanted, held, clock)
    try:
        _check_alone(az, wanted, found.principal, held)
        if isinstance(wanted.sign_in, CertificateFile) and found.principal.app is not None:
            _trust(az, found.principal.app, wanted.sign_in.file, clock)
        say(f"Giving {found.principal} the rights of store {wanted.store} …")
        _deploy(az, at, wanted.store, found.principal)
    except BaseException:
        if found.is_new and found.principal.app is not None:
            say("Taking the new app registration back …")
            delete_app(az, found.principal.app)
        raise
    _recover_token(az, at, wanted.store, clock)
    return (
        f"Store {wanted.store} may upload, as the {found.principal} ({found.principal.id}).\n\n"
        f"{handover(wanted.store, found.principal, at, az.tenant)}"
    )


def _principal(
    az: AzureCli, at: Installation, wanted: Add, held: list[Held], clock: Clock
) -> Found:
    match wanted.sign_in:
        case ArcMachine(name, group):
            return Found(arc_machine(az, name, group))
        case GivenPrincipal(id_, type_):
            return Found(existing(az, id_, type_))
        case CertificateFile():
            return _app(az, at, wanted, held, clock)
        case _:
            assert_never(wanted.sign_in)


def _app(az: AzureCli, at: Installation, wanted: Add, held: list[Held], clock: Clock) -> Found:
    """Return the store's app registration: the one that has its rights, or else a new one.

    Anybody in a directory may register an app of any name. So a name alone earns no rights.
    """
    name = app_name(wanted.store, at)
    client_id = find_app(az, name)
    holders = {one.assignment.principal for one in held if one.store == wanted.store}
    if client_id is None:
        _check_others(az, wanted, holders)
        say(f"Making the app registration {name} …")
        return Found(make_app(az, name, clock), is_new=True)
    for principal in look_up(az, holders).values():
        if principal.app == client_id:
            return Found(principal)
    raise OperatorError(
        f"There is an app registration {name} already, without any right here: somebody else's, or left "
        f"by an interrupted `add`. Delete it (`az ad app delete --id {client_id}`), then run this again."
    )


def _check_alone(az: AzureCli, wanted: Add, principal: Principal, held: list[Held]) -> None:
    """Refuse a principal of another store, and a second principal unless the operator means it."""
    others = {one.store for one in held if one.assignment.principal == principal.id}
    others.discard(wanted.store)
    if others:
        raise OperatorError(
            f"The {principal} belongs to store {', '.join(sorted(others))} already, and a principal "
            "can belong to one store only. Remove that store first, or use another principal."
        )
    ids = {one.assignment.principal for one in held if one.store == wanted.store}
    _check_others(az, wanted, ids - {principal.id})


def _check_others(az: AzureCli, wanted: Add, ids: set[str]) -> None:
    if ids and not wanted.also:
        names = ", ".join(sorted(f"the {one}" for one in look_up(az, ids).values()))
        raise OperatorError(
            f"Store {wanted.store} has {names} already. Two PCs of one store would overwrite each "
            f"other's catalogues. If the PC was replaced: `python -m infra.store remove {wanted.store}`, "
            "then add it again. If both are meant, say --also."
        )


def _trust(az: AzureCli, app: str, file: Path, clock: Clock) -> None:
    certificate = read_certificate(file)
    if trust(az, app, certificate, clock):
        say(f"The app registration now trusts the certificate {certificate.thumbprint}.")


def _deploy(az: AzureCli, at: Installation, store: StoreName, principal: Principal) -> None:
    parameters = {
        "store": store,
        "principalId": principal.id,
        "principalType": principal.type,
        "storageAccountName": at.storage_account,
        "keyVaultName": at.vault,
        "catalogWriterRoleId": at.catalog_writer_role,
        "runReaderRoleId": at.run_reader_role,
        "tokenSetterRoleId": at.token_setter_role,
    }
    deploy(az, at, "store.bicep", f"store-{store}", parameters)


def _recover_token(az: AzureCli, at: Installation, store: StoreName, clock: Clock) -> None:
    try:
        if recover_expired(az, at, store, clock):
            say(
                "An earlier token of this store was deleted. It is back, as expired: store a new one."
            )
    except AzError as error:
        say(
            f"Warning: whether the vault keeps a deleted token of store {store} isn't known ({error}). "
            "If so, no new one can be stored: run this again with the role Key Vault Secrets Officer."
        )
