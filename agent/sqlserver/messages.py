"""What the owner reads when the database can't be read: what failed, where, and what to do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.errors import DatabaseError, DatabaseProblem
from agent.names import shown_name, shown_table
from agent.sqlserver.login import Login
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


class Sentences(NamedTuple):
    """What failed, and what to do; `{…}` in them is filled in."""

    what: str
    to_do: str


_CHECK_SERVICE = (
    "Check that its SQL Server service is running, and that `server` is spelt correctly in the "
    "settings."
)
_SENTENCES = {
    DatabaseProblem.DRIVER: Sentences(
        "The ODBC driver in `connection_string` can't be used here.",
        "Install “ODBC Driver 18 for SQL Server” from https://aka.ms/downloadmsodbcsql and use that "
        "name, or leave `Driver` out.",
    ),
    DatabaseProblem.UNREACHABLE: Sentences("{server} can't be reached{text}.", _CHECK_SERVICE),
    DatabaseProblem.ENCRYPTION: Sentences(
        "No secure connection to {server} is possible: this computer doesn't trust its certificate, or "
        "the server is too old for today's encryption.",
        "Install a certificate there that this computer trusts. If the network between them is your "
        "own, you can instead use `connection_string` in the settings, with "
        "TrustServerCertificate=yes.",
    ),
    DatabaseProblem.LOGIN: Sentences(
        "{server} refuses the login of {account}.",
        "Check the user name and the password, and that this user may log in to SQL Server; for a SQL "
        'Server user, set `authentication = "sql"` in the settings.',
    ),
    DatabaseProblem.NO_DATABASE: Sentences(
        "{server} has no database “{database}” that {account} may open.{names}",
        "Correct `database` in the settings, or ask the person who looks after the database to give "
        "{account} access to it.",
    ),
    DatabaseProblem.NO_TABLE: Sentences(
        "The database “{home}” on {server} has no table {table} that {account} may read.{names}",
        "Correct `table` in the settings.",
    ),
    DatabaseProblem.NO_COLUMN: Sentences(
        "The table {table} has no column {columns}.{names}",
        "Correct [columns] in the settings.",
    ),
    DatabaseProblem.DENIED: Sentences(
        "{account} may not read the table {table} on {server}.",
        "Ask the person who looks after the database to grant SELECT on it.",
    ),
    DatabaseProblem.LOCKED: Sentences(
        "Another program kept the table {table} locked for {limits.lock} s, and the tills come first.",
        "Try again in a few minutes.",
    ),
    DatabaseProblem.DEADLOCK: Sentences(
        "SQL Server stopped reading {table} so that another program could go on (a deadlock).",
        "Try again.",
    ),
    DatabaseProblem.NO_ANSWER: Sentences(
        "{server} didn't answer within {limits.answer} s while {table} was being read.",
        "It may be very busy: try again later.",
    ),
    DatabaseProblem.CUT_OFF: Sentences(
        "The connection to {server} broke while {table} was being read.",
        "Check the network and the SQL Server service, then try again.",
    ),
    DatabaseProblem.OTHER: Sentences(
        "The products can't be read from {table} on {server}{text}.",
        "If that doesn't help you, show it to the person who looks after the database.",
    ),
}
"""For each problem, what failed and what to do."""

_NAMES = {
    DatabaseProblem.NO_DATABASE: "It may open",
    DatabaseProblem.NO_TABLE: "Similar names",
    DatabaseProblem.NO_COLUMN: "Its columns",
}


class Cause(NamedTuple):
    """What a complaint is about, and the two sentences for it."""

    problem: DatabaseProblem
    what: str
    to_do: str


_NO_KERBEROS = Cause(
    DatabaseProblem.LOGIN,
    "This computer can't log in to {server} with a Windows account.",
    "Run the agent on Windows as an account that may log in to SQL Server, or set "
    '`authentication = "sql"` in the settings.',
)
_SILENT = Cause(
    DatabaseProblem.UNREACHABLE,
    "{server} didn't answer within {limits.login} s.",
    _CHECK_SERVICE,
)
_CLOSED = Cause(
    DatabaseProblem.UNREACHABLE,
    "{server} closed the connection before the login.",
    "If another program than SQL Server listens at that port, correct `server` in the settings. "
    "Otherwise SQL Server there takes no more connections at the moment, or is too old for today's "
    "encryption: try again in a few minutes, then ask the person who looks after it.",
)
_NOT_SQL_SERVER = Cause(
    DatabaseProblem.UNREACHABLE,
    "What answers at {server} is not a SQL Server.",
    "Correct the computer or the port of `server` in the settings.",
)
_REFUSED_SETTING = Cause(
    DatabaseProblem.DRIVER,
    "The ODBC driver doesn't accept what the settings say about the database{text}.",
    "Correct that in `connection_string`, or in the settings that you use instead of it. ODBC's "
    "spelling is not that of other programs: it wants yes or no, for example, where they take true or "
    "false.",
)
_STRICT = Cause(
    DatabaseProblem.ENCRYPTION,
    "{server} doesn't accept Encrypt=strict: only SQL Server 2022 and newer can, with a certificate "
    "that this computer trusts.",
    "Write Encrypt=yes in `connection_string`, or check the port of the server.",
)
_NO_TLS = Cause(
    DatabaseProblem.ENCRYPTION,
    "{server} can't encrypt the connection.",
    "Ask the person who looks after it to update SQL Server or give it a certificate. If the network "
    "between you is your own, you can instead use `connection_string` in the settings, with "
    "Encrypt=no.",
)
_COLUMN_DENIED = Cause(
    DatabaseProblem.DENIED,
    "{account} may not read the column {columns} of the table {table} on {server}.",
    "Ask the person who looks after the database to grant SELECT on it.",
)
_OF_A_COLUMN = 230  # the number of SQL Server's error
_OF_THE_DRIVER = {"08001": _REFUSED_SETTING, "FA001": _REFUSED_SETTING, "HY000": _NOT_SQL_SERVER}
_UNENCRYPTED = Sentences(
    "`connection_string` doesn't make sure that the connection to {server} is encrypted, so others on "
    "the network may be able to read the products.",
    "Write Encrypt=yes in it.",
)

# Numbers of the driver's, its network library's and the system's; the same in all languages.
_ENCRYPTION_NOT_OFFERED = 20
_TIMED_OUT = 258  # Windows
_HAS_CLOSED = {
    26,  # in the handshake before the login
    104,  # Linux: connection reset
    109,  # Windows: the pipe has ended
    233,  # Windows: nobody is at the other end of the pipe
    10053,  # aborted
    10054,  # reset
}


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
    home: str
    """The table's database, which may be another than the login's."""

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
            server=shown_server(login),
            database=login.database or "(the login's own)",
            home=table.name[0] if len(table.name) == 3 else login.database or "(the login's own)",
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


def cause_of(complaint: Complaint, *, connecting: bool, strict: bool = False) -> Cause:
    """Return what a complaint is about; the same one may mean something else while `connecting`.

    `strict` says whether the connection was to be encrypted as with Encrypt=strict.
    """
    if _OF_A_COLUMN in complaint.numbers:
        return _COLUMN_DENIED
    for number, problem in _BY_NUMBER.items():
        if number in complaint.numbers:
            return _usual(problem)
    special = _connecting(complaint, strict=strict) if connecting else _reading(complaint)
    return special or _usual(_BY_STATE.get(complaint.state, DatabaseProblem.OTHER))


def _connecting(complaint: Complaint, *, strict: bool) -> Cause | None:
    """Decide by SQLSTATE, number and the words that are the same in all of the driver's languages."""
    state, numbers, text = complaint.state, complaint.numbers, complaint.text
    of_tls, has_closed = "SSL" in text, not numbers.isdisjoint(_HAS_CLOSED)
    of_microsofts_driver = "[Microsoft]" in text  # FreeTDS writes [SQL Server] before its own words
    of_network = state.startswith("08")
    rules = (  # the first that applies counts
        ("SSPI" in text, _NO_KERBEROS),
        (state == "HYT00" or _TIMED_OUT in numbers, _SILENT),
        (of_microsofts_driver and "][SQL Server]" in text, None),  # SQL Server's own words
        (strict and (of_tls or has_closed), _STRICT),
        (of_tls, _usual(DatabaseProblem.ENCRYPTION)),
        (of_network and _ENCRYPTION_NOT_OFFERED in numbers, _NO_TLS),
        (of_network and has_closed, _CLOSED),
        (of_microsofts_driver and numbers == {0}, _OF_THE_DRIVER.get(state)),
        (of_network, _usual(DatabaseProblem.UNREACHABLE)),
    )
    return next((cause for applies, cause in rules if applies), None)


def _reading(complaint: Complaint) -> Cause | None:
    # For a time-out in the middle of the rows the driver has no message, and pyodbc says so.
    if complaint.state in {"HYT00", "HYT01"} or "did not supply an error" in complaint.text:
        return _usual(DatabaseProblem.NO_ANSWER)
    return _usual(DatabaseProblem.CUT_OFF) if complaint.state.startswith("08") else None


def _usual(problem: DatabaseProblem) -> Cause:
    return Cause(problem, *_SENTENCES[problem])


def explained(
    cause: Cause,
    complaint: Complaint,
    scene: Scene,
    names: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> DatabaseError:
    """Return the error for the user; `names` are those that exist, `columns` those that can't be read."""
    words = {
        "server": scene.server,
        "database": scene.database,
        "home": scene.home,
        "table": scene.table,
        "account": scene.account,
        "limits": scene.limits,
        "names": f" {_NAMES[cause.problem]}: {', '.join(names)}." if names else "",
        "columns": " and ".join(map(shown_name, columns)) or "with a name in the settings",
        "text": safe_text(complaint, scene.secrets),
    }
    what, to_do = cause.what.format_map(words), cause.to_do.format_map(words)
    return DatabaseError(cause.problem, what[:1].upper() + what[1:], to_do)


def encryption_doubt(login: Login) -> Sentences | None:
    """Return what to tell the user if others may be able to read the products on their way here."""
    if login.is_encrypted or (login.address is not None and login.address.is_local):
        return None
    return Sentences(_UNENCRYPTED.what.format(server=shown_server(login)), _UNENCRYPTED.to_do)


def encryption_warning(login: Login) -> str | None:
    """Return the same as one text."""
    doubt = encryption_doubt(login)
    return f"Warning: {doubt.what} {doubt.to_do}" if doubt else None


def shown_server(login: Login) -> str:
    """Return the server's name as messages show it."""
    return login.server or "the server of the connection string"


def safe_text(complaint: Complaint, secrets: Sequence[str]) -> str:
    """Return the first complaint's own text as `: …`, or nothing if it contains a secret."""
    first = complaint.text.partition("; [")[0]
    words = " ".join(_WRAPPING.sub("", first).split())[:_LONGEST_TEXT].rstrip(".")
    if not words or any(secret in complaint.text for secret in secrets):
        return ""
    return f": {words}"
