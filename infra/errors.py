"""What can go wrong in the operator's command lines, and the exit code that each error leads to.

OperatorError     1 failed
├── UsageError    2 the arguments are wrong, or the deployment isn't known
└── AzError       1 Azure's command line failed; `problem` says why
"""

from enum import IntEnum, StrEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How every command ends."""

    DONE = 0
    FAILED = 1
    USAGE = 2


class OperatorError(Exception):
    """Any error that these programs raise; its message says what failed and what to do next."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED


class UsageError(OperatorError):
    """The arguments are wrong, or which deployment they are for isn't known."""

    exit_code = ExitCode.USAGE


class AzProblem(StrEnum):
    """Why a command of `az` failed."""

    SIGN_IN = "sign-in"
    DENIED = "denied"
    DIRECTORY = "directory"
    DATA = "data"
    FIREWALL = "firewall"
    NOT_FOUND = "not found"
    PRINCIPAL = "principal"
    TAKEN = "taken"
    LIMIT = "limit"
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    OTHER = "other"


class AzError(OperatorError):
    """A command of `az` failed."""

    def __init__(self, problem: AzProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem
