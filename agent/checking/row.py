"""One row of what `check` shows: a thing that must work, whether it does, why not, and what to do."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum

from agent.errors import AgentError

SOON = timedelta(days=7)
"""What expires within that time is worth a warning."""

REPORT = "Run `shopmaster support`, and send the file that it writes to your operator."
"""What to do if nothing better is known."""


class Mark(StrEnum):
    """What is known about a thing that must work."""

    OK = "ok"
    WARNING = "warning"
    """It works, but somebody should look at it."""

    FAILED = "failed"
    NOT_CHECKED = "not_checked"
    """Whether it works can't be known, as long as something else doesn't."""


class Subject(Enum):
    """The things that must work, in the order in which products pass them."""

    SETTINGS = ("settings", "Settings", "the settings can't be used")
    DRIVER = ("driver", "ODBC driver", "the ODBC driver can't be used")
    SERVER = ("server", "SQL Server", "the server can't be reached")
    LOGIN = ("login", "Login", "the login is refused")
    TABLE = ("table", "Table", "the table can't be read")
    PRODUCTS = ("products", "Products", "the products can't be sent")
    TEMPORARY_FOLDER = ("temporary_folder", "Temporary folder", "it can't be written to")
    STATE_FOLDER = ("state_folder", "Notes", "its folder can't be written to")
    STORAGE = ("storage", "Storage account", "the storage account can't be reached")
    CLOCK = ("clock", "Clock", "the clock is wrong")
    SIGN_IN = ("sign_in", "Sign-in to Azure", "this computer can't sign in to Azure")
    WRITE = ("write", "Right to upload", "catalogues can't be uploaded")
    RUN_RECORDS = ("run_records", "Run records", "the run records can't be read")
    LAST_RUN = ("last_run", "Last run", "the last run failed")
    TOKEN = ("token", "Digible login", "the Digible login can't be used")
    SCHEDULE = ("schedule", "Schedule", "the schedule doesn't run")

    def __init__(self, key: str, title: str, failure: str) -> None:
        self.key = key
        """Its name in JSON."""

        self.title = title
        """Its name on the screen."""

        self.failure = failure
        """What is wrong if it doesn't work: the end of “not checked, because …”."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was found out about one thing."""

    subject: Subject
    mark: Mark
    finding: str
    """What is there or, if something is wrong, the cause. In whole sentences, if it is wrong."""

    remedy: str = ""
    """What to do, in whole sentences; empty if there is nothing to do."""


def ok(subject: Subject, finding: str) -> Row:
    """Return the row of a thing that works."""
    return Row(subject, Mark.OK, finding)


def warning(subject: Subject, finding: str, remedy: str) -> Row:
    """Return the row of a thing that somebody should look at."""
    return Row(subject, Mark.WARNING, finding, remedy)


def failed(subject: Subject, error: AgentError) -> Row:
    """Return the row of a thing that doesn't work."""
    return Row(subject, Mark.FAILED, error.cause, error.remedy or REPORT)


def not_checked(subject: Subject, because: Subject) -> Row:
    """Return the row of a thing that depends on another one, which doesn't work."""
    return Row(subject, Mark.NOT_CHECKED, f"not checked, because {because.failure}")
