"""Checks the store's login at Digible: whether there is a token, and until when it holds."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from agent.checking.row import SOON, Mark, Row, Subject, failed, ok, warning
from agent.errors import AgentError
from agent.showing import local_time

_LOG_IN = "Run `shopmaster login`."
_NO_PLACE = (
    "The settings don't say where the token is kept ([key_vault] url), so this computer can't look. "
    "Ask your operator if a login is needed."
)


class Expiry(Protocol):
    """What is known about the stored token without reading it."""

    @property
    def is_present(self) -> bool:
        """Whether there is one."""

    @property
    def expires_on(self) -> datetime | None:
        """When it expires, if that is known."""


class Tokens(Protocol):
    """Where the token is kept."""

    def expiry(self) -> Expiry:
        """Look; raises AgentError."""


def token_rows(tokens: Tokens | None, now: Callable[[], datetime]) -> Iterator[Row]:
    """Yield the row about the token; `tokens` is None if the settings name no place for it."""
    if tokens is None:
        yield Row(Subject.TOKEN, Mark.NOT_CHECKED, "not checked", _NO_PLACE)
        return
    try:
        found = tokens.expiry()
    except AgentError as error:
        yield failed(Subject.TOKEN, error)
        return
    yield token_row(found, now())


def token_row(found: Expiry, now: datetime) -> Row:
    """Return the row about a token."""
    until = found.expires_on
    if not found.is_present:
        cause = "This store has no Digible login yet."
        return failed(Subject.TOKEN, AgentError(cause, _LOG_IN))
    if until is None:
        return ok(Subject.TOKEN, "present; when it expires is not known")
    when = local_time(until)
    if until <= now:
        return failed(Subject.TOKEN, AgentError(f"The Digible login expired on {when}.", _LOG_IN))
    if until - now < SOON:
        return warning(Subject.TOKEN, f"The Digible login expires on {when}.", _LOG_IN)
    return ok(Subject.TOKEN, f"holds until {when}")
