"""Checks what is beyond the PC: the storage account, the clock, the sign-in, the rights, the run records."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from agent.checking.last_run import last_run_row
from agent.checking.row import SOON, Mark, Row, Subject, failed, ok, warning
from agent.errors import AgentError, SignInError
from agent.showing import local_time
from agent.state import LastRun
from contract.run import Run

CLOUD = (
    Subject.STORAGE,
    Subject.CLOCK,
    Subject.SIGN_IN,
    Subject.WRITE,
    Subject.RUN_RECORDS,
    Subject.LAST_RUN,
)

_REFUSED_FROM = timedelta(minutes=14)  # Azure Storage refuses from 15
_DOUBTFUL_FROM = timedelta(minutes=4)  # Windows refuses logins in a domain from 5
_NEW_SAS = "Ask for a new one and put it in the settings."
_SET_CLOCK = "Set the clock, and let it be set over the internet from now on."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """How this computer signs in."""

    how: str
    """The rest of a sentence, such as `with a SAS`."""

    until: datetime | None
    """When that expires, if it does."""


class Cloud(Protocol):
    """The storage account, and the sign-in to it."""

    @property
    def host(self) -> str:
        """The account's address."""

    def service_time(self) -> datetime:
        """Return what time it is there, signed in or not; raises AgentError if it can't be reached."""

    def sign_in(self) -> SignedIn:
        """Sign in; raises AgentError."""

    def prove_write(self) -> str:
        """Prove that catalogues may be written, leave nothing, and say where; raises AgentError."""

    def runs(self) -> Sequence[Run]:
        """Return the store's latest runs, the newest first; raises AgentError."""


def cloud_rows(cloud: Cloud, attempt: LastRun | None, now: Callable[[], datetime]) -> Iterator[Row]:
    """Yield the rows about the cloud; what this PC remembers of its last upload helps with the last one."""
    runs: list[Run] | None = None
    for row in _reaching(cloud, now):
        yield row
        if row.mark is Mark.FAILED:
            break
    else:
        yield _tried(Subject.WRITE, cloud.prove_write)
        try:
            runs = list(cloud.runs())
        except AgentError as error:
            yield failed(Subject.RUN_RECORDS, error)
        else:
            yield ok(Subject.RUN_RECORDS, "can be read")
    yield last_run_row(runs, attempt, now())


def _reaching(cloud: Cloud, now: Callable[[], datetime]) -> Iterator[Row]:
    try:
        theirs = cloud.service_time()
        skew = now() - theirs  # not before: the question may take long, its answer doesn't
    except SignInError as error:  # a certificate that can't even be tried
        yield failed(Subject.SIGN_IN, error)
        return
    except AgentError as error:
        yield failed(Subject.STORAGE, error)
        return
    yield ok(Subject.STORAGE, cloud.host)
    yield clock_row(skew)
    try:
        yield sign_in_row(cloud.sign_in(), now())
    except AgentError as error:
        yield failed(Subject.SIGN_IN, error)


def _tried(subject: Subject, call: Callable[[], str]) -> Row:
    try:
        return ok(subject, call())
    except AgentError as error:
        return failed(subject, error)


def clock_row(skew: timedelta) -> Row:
    """Return the row about this computer's clock, which is that much ahead of the service's."""
    seconds = abs(skew.total_seconds())
    amount = f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    way = "fast" if skew > timedelta(0) else "slow"
    cause = f"This computer's clock is {amount} {way}."
    if abs(skew) >= _REFUSED_FROM:
        return failed(Subject.CLOCK, AgentError(cause, _SET_CLOCK))
    if abs(skew) >= _DOUBTFUL_FROM:
        return warning(Subject.CLOCK, cause, _SET_CLOCK)
    return ok(Subject.CLOCK, "right" if seconds < 5 else f"{amount} {way}, which is no problem")


def sign_in_row(found: SignedIn, now: datetime) -> Row:
    """Return the row about a sign-in that works, or has expired."""
    if found.until is None:
        return ok(Subject.SIGN_IN, found.how)
    when = local_time(found.until)
    if found.until <= now:
        cause = f"The SAS in the settings expired on {when}."
        return failed(Subject.SIGN_IN, AgentError(cause, _NEW_SAS))
    if found.until - now < SOON:
        return warning(Subject.SIGN_IN, f"The SAS in the settings expires on {when}.", _NEW_SAS)
    return ok(Subject.SIGN_IN, f"{found.how} that holds until {when}")
