"""Which failures of a scheduled run are tried again, and when."""

from agent.errors import (
    AgentError,
    DatabaseError,
    DatabaseProblem,
    SignInError,
    StorageUnavailableError,
)

PAUSES = (5 * 60.0, 15 * 60.0)
"""Seconds before the second and the third try."""

_PASSING = {
    DatabaseProblem.UNREACHABLE,
    DatabaseProblem.LOCKED,
    DatabaseProblem.DEADLOCK,
    DatabaseProblem.NO_ANSWER,
    DatabaseProblem.CUT_OFF,
}


def may_pass(error: AgentError) -> bool:
    """Return whether the same run may succeed a little later, with nothing uploaded yet.

    A missed run begins as soon as the computer has started, often before its network or SQL Server has.
    What ended in the cloud is not tried again: the function has done that.
    """
    if isinstance(error, DatabaseError):
        return error.problem in _PASSING
    if isinstance(error, SignInError):
        return error.may_pass
    return isinstance(error, StorageUnavailableError)
