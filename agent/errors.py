"""What can go wrong in the agent, and the exit code that each error leads to.

AgentError                        1 failed
├── SettingsError                 2 usage or settings
├── DatabaseError                 1 the products can't be read; `problem` says why
├── EmptyTableError               1 there are no products
├── StorageError                  1 the catalogue can't be stored, or the run record can't be read
│   └── StorageUnavailableError   1 at the moment; it may pass
├── SignInError                   1 this computer can't sign in to Azure
├── LoginError                    1 Digible gave no token
├── TokenStoreError               1 the token can't be stored, or its expiry not be read
├── ScheduleError                 1 the schedule can't be installed, asked about or removed
├── StoppedError                130 the user stopped it when the result was uncertain
└── NoOutcomeError                5 no outcome within the time-out
"""

from enum import IntEnum, StrEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How every command ends."""

    SUCCEEDED = 0
    FAILED = 1
    USAGE = 2
    SESSION_EXPIRED = 3
    COMPLETED_WITH_REJECTIONS = 4
    NO_OUTCOME = 5
    STOPPED = 128 + 2
    """As of any program that Ctrl-C (signal 2) stops."""


class AgentError(Exception):
    """Any error that the agent itself raises; its message says what failed, where, and what to do next.

    `check` shows the two parts on lines of their own; everywhere else they follow one another.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, cause: str, remedy: str = "") -> None:
        """Take what failed and where, and what to do next, each in whole sentences."""
        super().__init__(f"{cause} {remedy}" if remedy else cause)
        self.cause = cause
        self.remedy = remedy


class SettingsError(AgentError):
    """The settings or the arguments are wrong; the message names every problem."""

    exit_code = ExitCode.USAGE


class DatabaseProblem(StrEnum):
    """Why reading the products failed."""

    DRIVER = "driver"
    UNREACHABLE = "unreachable"
    ENCRYPTION = "encryption"
    LOGIN = "login"
    NO_DATABASE = "no database"
    NO_TABLE = "no table"
    NO_COLUMN = "no column"
    DENIED = "denied"
    LOCKED = "locked"
    DEADLOCK = "deadlock"
    NO_ANSWER = "no answer"
    CUT_OFF = "cut off"
    VALUE = "value"
    OTHER = "other"


class DatabaseError(AgentError):
    """The products can't be read from the database."""

    def __init__(self, problem: DatabaseProblem, cause: str, remedy: str = "") -> None:
        super().__init__(cause, remedy)
        self.problem = problem


class EmptyTableError(AgentError):
    """The table has no rows, so there is nothing to upload."""

    def __init__(self) -> None:
        super().__init__(
            "The table has no rows: nothing was uploaded.",
            "If products should be in it, correct `table` in the settings.",
        )


class StorageError(AgentError):
    """The catalogue can't be stored, or the run record can't be read."""


class StorageUnavailableError(StorageError):
    """The storage account can't be reached or is in trouble, which may pass."""


class SignInError(AgentError):
    """This computer can't sign in to Azure; `may_pass` says whether trying again may help."""

    def __init__(self, why: str, remedy: str, *, may_pass: bool = False) -> None:
        """Take why it can't, as the rest of a sentence, and what to do next."""
        super().__init__(f"This computer can't sign in to Azure: {why}", remedy)
        self.may_pass = may_pass
        self._why = why

    def cause_of(self, failure: str) -> str:
        """Return the sentence for what failed because of it, such as `The token can't be stored`."""
        return f"{failure}, because this computer can't sign in to Azure: {self._why}"


class LoginError(AgentError):
    """Digible gave no token: it refuses, can't be reached, or answers oddly."""


class TokenStoreError(AgentError):
    """The Digible token can't be stored, or nothing can be learnt about the stored one."""


class ScheduleError(AgentError):
    """The schedule can't be installed, asked about or removed."""


class StoppedError(AgentError):
    """The user stopped the command when its result was uncertain; the message says what is uncertain."""

    exit_code = ExitCode.STOPPED


class NoOutcomeError(AgentError):
    """The catalogue is stored, but its outcome was not known in time."""

    exit_code = ExitCode.NO_OUTCOME
