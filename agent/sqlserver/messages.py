"""What the owner reads when the database can't be read: what failed, where, and what to do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.errors import DatabaseError, DatabaseProblem
from agent.names import shown_table
from agent.sqlserver.table import SqlServerTable, TimeLimits

_NUMBER = re.compile(r"\((-?\d+)\)(?= \(SQL\w+\)|; \[|\Z)")
_WRAPPING = re.compile(r"^(?:\[[^\]]*\]\s*)+|\s*\(-?\d+\)(?: \(SQL\w+\))?\Z")
_LONGEST_TEXT = 300

# SQL Server's error numbers come first: its texts, and even the SQLSTATEs, differ between languages,
# drivers and systems. 4060 comes together with 18456 and is more specific.
_BY_NUMBER = {
    4060: DatabaseProblem.NO_DATABASE,
    4064: DatabaseProblem.NO_DATABASE,
    911: DatabaseProblem.NO_DATABASE,
    18452: DatabaseProblem.LOGIN,
    18456: DatabaseProblem.LOGIN,
    18470: DatabaseProblem.LOGIN,
    18486: DatabaseProblem.LOGIN,
    18487: DatabaseProblem.LOGIN,
    18488: DatabaseProblem.LOGIN,
    208: DatabaseProblem.NO_TABLE,
    207: DatabaseProblem.NO_COLUMN,
    229: DatabaseProblem.DENIED,
    230: DatabaseProblem.DENIED,
    916: DatabaseProblem.DENIED,
    1222: DatabaseProblem.LOCKED,
    1205: DatabaseProblem.DEADLOCK,
    -2146893019: DatabaseProblem.ENCRYPTION,  # Windows: the certificate's issuer is not trusted
    -2146893022: DatabaseProblem.ENCRYPTION,  # Windows: it is another computer's
}
_BY_STATE = {
    "28000": DatabaseProblem.LOGIN,
    "42S02": DatabaseProblem.NO_TABLE,
    "42S22": DatabaseProblem.NO_COLUMN,
    "IM002": DatabaseProblem.DRIVER,
    "IM003": DatabaseProblem.DRIVER,
    "IM004": DatabaseProblem.DRIVER,
    "01000": DatabaseProblem.DRIVER,  # unixODBC: can't open lib
}

_SENTENCES = {
    DatabaseProblem.DRIVER: (
        "The ODBC driver in `connection_string` can't be used here. Install “ODBC Driver 18 for SQL "
        "Server” from https://aka.ms/downloadmsodbcsql and use that name, or leave `Driver` out."
    ),
    DatabaseProblem.UNREACHABLE: (
        "{server} didn't answer within {limits.login} s. Check that its SQL Server service is running, "
        "and that `server` is spelt correctly in the settings."
    ),
    DatabaseProblem.ENCRYPTION: (
        "No secure connection to {server} is possible: this computer doesn't trust its certificate, or "
        "the server is too old for today's encryption. Install a certificate there that this computer "
        "trusts. If the network between them is your own, you can instead use `connection_string` in "
        "the settings, with TrustServerCertificate=yes."
    ),
    DatabaseProblem.LOGIN: (
        "{server} refuses the login of {account}. Check the user name and the password, and that this "
        'user may log in to SQL Server; for a SQL Server user, set `authentication = "sql"` in the '
        "settings."
    ),
    DatabaseProblem.NO_DATABASE: (
        "{server} has no database “{database}” that {account} may open.{names} "
        "Correct `database` in the settings."
    ),
    DatabaseProblem.NO_TABLE: (
        "The database “{database}” on {server} has no table {table} that {account} may read.{names} "
        "Correct `table` in the settings."
    ),
    DatabaseProblem.NO_COLUMN: (
        "The table {table} has no column {missing}.{names} Correct [columns] in the settings."
    ),
    DatabaseProblem.DENIED: (
        "{account} may not read the table {table} on {server}. Ask the person who looks after the "
        "database to grant SELECT on it."
    ),
    DatabaseProblem.LOCKED: (
        "Another program kept the table {table} locked for {limits.lock} s, and the tills come "
        "first. Try again in a few minutes."
    ),
    DatabaseProblem.DEADLOCK: (
        "SQL Server stopped reading {table} so that another program could go on (a deadlock). "
        "Try again."
    ),
    DatabaseProblem.NO_ANSWER: (
        "{server} didn't answer within {limits.answer} s while {table} was being read. It may be very "
        "busy: try again later."
    ),
    DatabaseProblem.CUT_OFF: (
        "The connection to {server} broke while {table} was being read. Check the network and the SQL "
        "Server service, then try again."
    ),
    DatabaseProblem.OTHER: (
        "The products can't be read from {table} on {server}{text}. If that doesn't help you, show it "
        "to the person who looks after the database."
    ),
}
_NAMES = {
    DatabaseProblem.NO_DATABASE: "It may open",
    DatabaseProblem.NO_TABLE: "Similar names",
    DatabaseProblem.NO_COLUMN: "Its columns",
}
_NO_KERBEROS = (
    "This computer can't log in to {server} with a Windows account. Run the agent on Windows as "
    'an account that may log in to SQL Server, or set `authentication = "sql"` in the settings.'
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the driver reported: the SQLSTATE, SQL Server's error numbers, and the text."""

    state: str
    numbers: frozenset[int]
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What was being read, and where, in the words of the messages."""

    server: str
    database: str
    table: str
    account: str
    limits: TimeLimits
    secrets: tuple[str, ...]
    """What must not appear in any message."""

    @classmethod
    def of(cls, table: SqlServerTable, limits: TimeLimits) -> "Scene":
        """Describe the reading of a table."""
        login = table.login
        return cls(
            server=login.server or "the server of the connection string",
            database=login.database or "(the login's own)",
            table=shown_table(table.name),
            account=f"the user “{login.user}”" if login.user else "this Windows account",
            limits=limits,
            secrets=login.secrets,
        )


def read_complaint(error: Exception) -> Complaint:
    """Read the arguments of a pyodbc error."""
    state = str(error.args[0]) if error.args else ""
    text = str(error.args[1]) if len(error.args) > 1 else ""
    return Complaint(state, frozenset(map(int, _NUMBER.findall(text))), text)


def problem_of(complaint: Complaint, *, connecting: bool) -> DatabaseProblem:
    """Return what a complaint is about; the same one may mean something else while `connecting`."""
    for number, problem in _BY_NUMBER.items():
        if number in complaint.numbers:
            return problem
    special = _while_connecting(complaint) if connecting else _while_reading(complaint)
    return special or _BY_STATE.get(complaint.state, DatabaseProblem.OTHER)


def _while_connecting(complaint: Complaint) -> DatabaseProblem | None:
    if "SSPI" in complaint.text:
        return DatabaseProblem.LOGIN
    if "SSL" in complaint.text:  # the one word that is the same in all of the driver's languages
        return DatabaseProblem.ENCRYPTION
    if complaint.state == "HYT00" or complaint.state.startswith("08"):
        return DatabaseProblem.UNREACHABLE
    return None


def _while_reading(complaint: Complaint) -> DatabaseProblem | None:
    # For a time-out in the middle of the rows the driver has no message, and pyodbc says so.
    if complaint.state in {"HYT00", "HYT01"} or "did not supply an error" in complaint.text:
        return DatabaseProblem.NO_ANSWER
    return DatabaseProblem.CUT_OFF if complaint.state.startswith("08") else None


def explained(
    problem: DatabaseProblem,
    complaint: Complaint,
    scene: Scene,
    names: Sequence[str] = (),
    missing: Sequence[str] = (),
) -> DatabaseError:
    """Return the error for the user; `names` are those that exist, `missing` the columns that don't."""
    template = _NO_KERBEROS if "SSPI" in complaint.text else _SENTENCES[problem]
    sentence = template.format(
        server=scene.server,
        database=scene.database,
        table=scene.table,
        account=scene.account,
        limits=scene.limits,
        names=f" {_NAMES[problem]}: {', '.join(names)}." if names else "",
        missing=" and ".join(missing) or "with a name in the settings",
        text=safe_text(complaint, scene.secrets),
    )
    return DatabaseError(problem, sentence[:1].upper() + sentence[1:])


def safe_text(complaint: Complaint, secrets: Sequence[str]) -> str:
    """Return the first complaint's own text as `: …`, or nothing if it contains a secret."""
    first = complaint.text.partition("; [")[0]
    words = " ".join(_WRAPPING.sub("", first).split())[:_LONGEST_TEXT].rstrip(".")
    if not words or any(secret in complaint.text for secret in secrets):
        return ""
    return f": {words}"
