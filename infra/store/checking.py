"""`check`: everything that a store needs in Azure, one row each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.blobs import StoreName
from contract.run import Run, RunState
from contract.run_record import RunRecordError, decode_run
from infra.az import AzureCli
from infra.blobs import Blobs
from infra.errors import AzError, AzProblem, OperatorError
from infra.installation import Installation
from infra.store.assignments import all_assignments, assignments_of
from infra.store.certificates import app_name, credentials
from infra.store.principals import Principal, PrincipalKind, look_up
from infra.store.rights import Assignment, Kind, beyond, judged
from infra.store.showing import Mark, Row
from infra.store.tokens import token_facts

CERTIFICATE_WARNING = timedelta(days=30)
TOKEN_WARNING = timedelta(days=7)
_GOOD = {RunState.SUCCEEDED, RunState.SUPERSEDED, RunState.SENDING}


@dataclass(frozen=True, slots=True)
class Checked:
    """A store, and with what it is looked at."""

    az: AzureCli
    at: Installation
    store: StoreName
    blobs: Blobs
    now: datetime


def check(this: Checked) -> list[Row]:
    """Return a row for each thing that a store needs; raises OperatorError if it has no right at all."""
    held, odd = judged(all_assignments(this.az), this.at)
    kinds: dict[str, set[Kind]] = {}
    for one in held:
        if one.store == this.store:
            kinds.setdefault(one.assignment.principal, set()).add(one.kind)
    for strange in odd:
        if this.store in strange.stores:
            kinds.setdefault(strange.assignment.principal, set())
    if not kinds:
        raise OperatorError(
            f"Store {this.store} has no right here. `python -m infra.store list` shows the stores; "
            "`python -m infra.store add --help` says how to take one on."
        )
    rows: list[Row] = []
    for principal in look_up(this.az, kinds).values():
        rows += _of_principal(this, principal, kinds[principal.id])
    return [*rows, _token(this), _last_run(this)]


def _of_principal(this: Checked, principal: Principal, kinds: set[Kind]) -> list[Row]:
    rows = [_existence(this, principal)]
    again = f"run `add` for store {this.store} again: it puts its rights right"
    for kind in Kind:
        found = "as it should be" if kind in kinds else "is missing, or not exactly as it should be"
        mark, to_do = (
            (Mark.WELL, "") if kind in kinds else (Mark.WRONG, f"If it is meant, {again}.")
        )
        rows.append(Row(mark, f"right: {kind}", found, to_do))
    rows.append(_beyond(this, principal))
    if principal.app is not None and principal.name == app_name(this.store, this.at):
        rows.append(_certificate(this, principal.app))
    return rows


def _existence(this: Checked, principal: Principal) -> Row:
    if principal.kind is PrincipalKind.GONE:
        to_do = (
            f"Run `python -m infra.store remove {this.store}`, then add it with a new principal."
        )
        return Row(
            Mark.WRONG, "signs in as", f"a principal that was deleted ({principal.id})", to_do
        )
    return Row(Mark.WELL, "signs in as", f"{principal} ({principal.id})")


def _beyond(this: Checked, principal: Principal) -> Row:
    what = "no other right here"
    if principal.kind is PrincipalKind.GONE:
        return Row(Mark.WELL, what, "it can't sign in")
    more = beyond(assignments_of(this.az, principal.id), this.store, this.at)
    if not more:
        return Row(Mark.WELL, what, "none")
    if principal.kind is PrincipalKind.USER:
        return Row(Mark.UNKNOWN, what, f"it is a person, who also has: {named(more)}")
    delete = " ".join(one.id for one in more)
    return Row(
        Mark.WRONG, what, named(more), f"Take it away: `az role assignment delete --ids {delete}`."
    )


def named(assignments: list[Assignment]) -> str:
    """Return assignments in words: role and scope."""
    return ", ".join(f"{one.role_name} on {one.scope}" for one in assignments)


def _certificate(this: Checked, app: str) -> Row:
    what = "certificate"
    dates = [one.expires_at for one in credentials(this.az, app)]
    to_do = "Make a new one on the PC (`add --help` says how), and run `add` again with it."
    if not dates:
        return Row(Mark.WRONG, what, "there is none", to_do)
    newest = max(dates)
    if newest < this.now + CERTIFICATE_WARNING:
        return Row(Mark.WRONG, what, _expiry(newest, this.now), to_do)
    return Row(Mark.WELL, what, _expiry(newest, this.now))


def _token(this: Checked) -> Row:
    what = "Digible token"
    to_do = f"Log in to Digible and store a new token (step 3 of `add {this.store}`)."
    try:
        facts = token_facts(this.az, this.at, this.store)
    except AzError as error:
        if error.problem is not AzProblem.DATA:
            raise
        role = f"Give yourself the role Key Vault Reader on {this.at.vault}: it shows no value."
        return Row(Mark.WRONG, what, "can't be seen with your rights", role)
    if facts is None:
        return Row(Mark.WRONG, what, "there is none", to_do)
    if not facts.enabled:
        return Row(Mark.WRONG, what, "is disabled in the vault", to_do)
    if facts.expires_at is None:
        return Row(Mark.WELL, what, "is there, without a date of expiry")
    is_late = facts.expires_at < this.now + TOKEN_WARNING
    mark = Mark.WRONG if is_late else Mark.WELL
    return Row(mark, what, _expiry(facts.expires_at, this.now), to_do if is_late else "")


def _expiry(moment: datetime, now: datetime) -> str:
    verb = "expired" if moment <= now else "expires"
    return f"{verb} on {moment:%Y-%m-%d}"


def _last_run(this: Checked) -> Row:
    what = "last run"
    try:
        name = this.blobs.newest_run(this.store)
        content = None if name is None else this.blobs.run_record(name)
        run = None if content is None else decode_run(content)
    except RunRecordError as error:
        return Row(Mark.WRONG, what, str(error), "The store's next upload writes a new one.")
    except AzError as error:
        if error.problem is not AzProblem.DATA:
            raise
        role = f"With the role Storage Blob Data Reader on {this.at.storage_account} you see it."
        return Row(Mark.UNKNOWN, what, "can't be read with your rights", role)
    if run is None:
        return Row(Mark.UNKNOWN, what, "there was none yet")
    return _run_row(what, run)


def _run_row(what: str, run: Run) -> Row:
    found = f"{run.state} ({run.updated_at:%Y-%m-%d %H:%M} UTC): {run.message}"
    if run.state in _GOOD:
        return Row(Mark.WELL, what, found)
    if run.state in {RunState.WAITING, RunState.COMPLETED_WITH_REJECTIONS}:
        return Row(Mark.UNKNOWN, what, found)
    return Row(Mark.WRONG, what, found, "docs/runbook.md says what to do about each state.")
