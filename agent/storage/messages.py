"""What the owner reads when the storage account can't be used: what failed, why, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)

from agent.connecting.obstacles import obstacle, unreachable
from agent.connecting.proxy import proxy_for
from agent.connecting.trouble import Goal, Trouble
from agent.errors import SignInError, StorageError, StorageUnavailableError
from agent.storage.address import StorageAccount, StorageSignIn

_SKEW = timedelta(minutes=14)  # the service tolerates 15
_PASSING = {408, 429, 500, 502, 503, 504}

_AGAIN = "Try again; if that doesn't help, tell your operator."
_NEW_SAS = "Ask for a new SAS and put it in the settings."
_SIGN_IN = "Say with azure.sign_in in the settings how this computer signs in, or use a SAS URL."

_REFUSALS = {
    "AuthorizationProtocolMismatch": (
        "the SAS only allows https",
        "Begin `account_url` with https.",
    ),
    "AuthorizationSourceIPMismatch": ("the SAS doesn't allow this internet address", _NEW_SAS),
    "AuthorizationServiceMismatch": ("the SAS is not for the blob service (ss=b)", _NEW_SAS),
    "KeyBasedAuthenticationNotPermitted": (
        "it accepts no keys",
        "Use `account_url` in the settings instead of a connection string.",
    ),
    "AccountIsDisabled": ("it is disabled", "Ask the person who runs the storage account."),
    "PublicAccessNotPermitted": ("no sign-in was sent", _SIGN_IN),
    "NoAuthenticationInformation": ("no sign-in was sent", _SIGN_IN),
}
"""Why the service refuses, and what to do, by its error code."""


@dataclass(frozen=True, slots=True)
class Task:
    """What was being done when it failed."""

    failure: str
    """Such as `The catalogue can't be uploaded`."""

    container: str
    right: str
    """The right that it needs, such as `create and write`."""

    part: str = "objects (srt=o)"
    """What a SAS for the account must be for."""


@dataclass(frozen=True, slots=True)
class Account:
    """The storage account that was used."""

    host: str
    sign_in: StorageSignIn
    scheme: str = "https"


def explained(
    error: AzureError | OSError | SignInError, task: Task, account: Account
) -> StorageError:
    """Return the error for the user; it never contains an address's query or a key."""
    if isinstance(error, SignInError):
        kind = StorageUnavailableError if error.may_pass else StorageError
        return kind(error.cause_of(task.failure), error.remedy)
    if getattr(error, "status_code", None) is None and (found := _unanswered(error, account)):
        kind = StorageUnavailableError if found.may_pass else StorageError
        return kind(f"{task.failure}: {found.cause}", found.remedy)
    begin = f"{task.failure}: the storage account {account.host}"
    if not isinstance(error, HttpResponseError):
        return StorageError(f"{begin} met an unexpected error ({type(error).__name__}).", _AGAIN)
    if error.status_code in _PASSING:
        return StorageUnavailableError(
            f"{begin} is busy or in trouble (HTTP {error.status_code}).", "Try again later."
        )
    answer, to_do = _answer(error, task, account.sign_in)
    return StorageError(f"{begin} {answer}.", to_do)


def _unanswered(error: AzureError | OSError, account: Account) -> Trouble | None:
    """Return the trouble where nothing came back from the account."""
    said = f"{getattr(error, 'inner_exception', None)!r} {error}"
    goal = Goal(f"the storage account {account.host}", "the account in the settings")
    proxy = proxy_for(account.scheme, account.host)
    if found := obstacle(said, goal, proxy):
        return found
    if isinstance(error, ServiceRequestError | ServiceResponseError | IncompleteReadError):
        return unreachable(said, goal, proxy)
    return None


def _answer(error: HttpResponseError, task: Task, sign_in: StorageSignIn) -> tuple[str, str]:
    found = getattr(error, "error_code", None)
    code = str(getattr(found, "value", found) or "")
    if error.status_code in {401, 403}:
        reason, to_do = _refusal(error, code, task, sign_in)
        return f"refuses it, because {reason}", to_do
    if error.status_code == 404:
        return (
            f"has no container `{task.container}`",
            "Create it, or correct the account in the settings.",
        )
    return f"answers HTTP {error.status_code}{f' ({code})' if code else ''}", _AGAIN


def _refusal(
    error: HttpResponseError, code: str, task: Task, sign_in: StorageSignIn
) -> tuple[str, str]:
    now = _service_time(error)
    expiry = sign_in.expires_on
    if expiry is not None and now is not None and expiry <= now:
        return (
            f"the SAS in the settings expired on {expiry:%Y-%m-%d %H:%M} UTC",
            "Ask for a new one and put it in the settings.",
        )
    skew = datetime.now(UTC) - now if now else timedelta(0)
    if abs(skew) > _SKEW:
        minutes = round(abs(skew).total_seconds() / 60)
        way = "fast" if skew > timedelta(0) else "slow"
        return f"this computer's clock is {minutes} minutes {way}", "Set the clock."
    return _missing(code or str(error.status_code), task, sign_in)


def _missing(code: str, task: Task, sign_in: StorageSignIn) -> tuple[str, str]:
    """Return what the sign-in lacks, by the error code or, without one, the HTTP status."""
    signs_in = isinstance(sign_in, StorageAccount) and sign_in.sas is None
    if code == "AuthorizationResourceTypeMismatch":
        return f"the SAS is not for {task.part}", _NEW_SAS
    if code in _REFUSALS:
        return _REFUSALS[code]
    if signs_in and code in {"InvalidAuthenticationInfo", "401"}:
        return (
            f"it doesn't trust the tenant in which this computer signs in ({code})",
            "Correct the account, or azure.tenant_id, in the settings.",
        )
    if code == "AuthenticationFailed":
        return (
            "the key, SAS or identity in the settings is not valid for it",
            "Copy all of it into the settings again.",
        )
    right = f"the right to {task.right} in its container `{task.container}`"
    return (
        f"{right} is missing, or its network rules exclude this computer ({code})",
        "Ask the person who runs the storage account.",
    )


def _service_time(error: HttpResponseError) -> datetime | None:
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    try:
        return parsedate_to_datetime(headers.get("Date") or "").astimezone(UTC)
    except ValueError:
        return None
