"""What complaints raised by pyodbc mean; they come from several systems and languages."""

import pytest

from agent.errors import DatabaseProblem
from agent.sqlserver.login import Login, own_login, sql_login
from agent.sqlserver.messages import (
    Complaint,
    cause_of,
    encryption_warning,
    read_complaint,
    safe_text,
)

MS = "[Microsoft][ODBC Driver 18 for SQL Server]"

CLOSED = f"[08001] {MS}TCP Provider: Error code 0x2746 (10054) (SQLDriverConnect)"

CONNECTING = {
    "a missing database, in Chinese, after a login": (
        "28000",
        (
            f"[28000] {MS}[SQL Server]用户 'sa' 登录失败。 (18456) (SQLDriverConnect); [28000] {MS}[SQL Server]"
            f'无法打开登录所请求的数据库 "qq"。登录失败。 (4060)'
        ),
        DatabaseProblem.NO_DATABASE,
    ),
    "a refused login": (
        "28000",
        f"[28000] {MS}[SQL Server]Login failed for user 'sa'. (18456) (SQLDriverConnect)",
        DatabaseProblem.LOGIN,
    ),
    "an expired password": (
        "42000",
        f"[42000] {MS}[SQL Server]The password of the account has expired. (18487) (SQLDriverConnect)",
        DatabaseProblem.LOGIN,
    ),
    "an untrusted certificate on Windows": (
        "08001",
        (
            f"[08001] {MS}SSL Provider: The certificate chain was issued by an authority that is not trusted.\r\n "
            f"(-2146893019) (SQLDriverConnect); [08001] {MS}Client unable to establish connection (-2146893019)"
        ),
        DatabaseProblem.ENCRYPTION,
    ),
    "an untrusted certificate in German": (
        "08001",
        f"[08001] {MS}SSL-Anbieter: Die Zertifikatkette wurde … ausgestellt. (-1) (SQLDriverConnect)",
        DatabaseProblem.ENCRYPTION,
    ),
    "an untrusted certificate on Linux": (
        "08001",
        (
            f"[08001] {MS}SSL Provider: [error:0A000086:SSL routines::certificate verify failed:self-signed "
            "certificate] (-1) (SQLDriverConnect)"
        ),
        DatabaseProblem.ENCRYPTION,
    ),
    "no Kerberos": (
        "HY000",
        f"[HY000] {MS}SSPI Provider: No Kerberos credentials available (458752) (SQLDriverConnect)",
        DatabaseProblem.LOGIN,
    ),
    "no answer": (
        "HYT00",
        f"[HYT00] {MS}Login timeout expired (0) (SQLDriverConnect)",
        DatabaseProblem.UNREACHABLE,
    ),
    "no answer, on Windows": (
        "08001",
        f"[08001] {MS}TCP Provider: Timeout error [258]. (258) (SQLDriverConnect)",
        DatabaseProblem.UNREACHABLE,
    ),
    "a missing instance": (
        "08001",
        (
            f"[08001] {MS}SQL Server Network Interfaces: Error Locating Server/Instance Specified [xFFFFFFFF].  (-1) "
            f"(SQLDriverConnect); [HYT00] {MS}Login timeout expired (0)"
        ),
        DatabaseProblem.UNREACHABLE,
    ),
    "a value that the driver doesn't know": (
        "08001",
        f"[08001] {MS}Ungültiger Wert für das Attribut 'Encrypt' angegeben. (0) (SQLDriverConnect)",
        DatabaseProblem.DRIVER,
    ),
    "no server": (
        "08001",
        f"[08001] {MS}Neither DSN nor SERVER keyword supplied (0) (SQLDriverConnect)",
        DatabaseProblem.DRIVER,
    ),
    "two ways to log in": (
        "FA001",
        (
            f"[FA001] {MS}Cannot use Authentication option with Integrated Security option. (0) "
            "(SQLDriverConnect)"
        ),
        DatabaseProblem.DRIVER,
    ),
    "a server without encryption": (
        "08001",
        f"[08001] {MS}Encryption not supported on SQL Server. (20) (SQLDriverConnect)",
        DatabaseProblem.ENCRYPTION,
    ),
    "a server with TLS 1.0": (
        "08001",
        (
            f"[08001] {MS}SSL Provider: [error:0A00014D:SSL routines::legacy sigalg disallowed or "
            "unsupported] (-1) (SQLDriverConnect)"
        ),
        DatabaseProblem.ENCRYPTION,
    ),
    "a program that speaks another language": (
        "HY000",
        f"[HY000] {MS}Protocol error in TDS stream (0) (SQLDriverConnect)",
        DatabaseProblem.UNREACHABLE,
    ),
    "a connection that is closed at once": (
        "08001",
        (
            f"[08001] {MS}Client unable to establish connection because an error was encountered during "
            "handshakes before login. (26) (SQLDriverConnect)"
        ),
        DatabaseProblem.UNREACHABLE,
    ),
    "a connection that is closed during the login": (
        "08S01",
        f"[08S01] {MS}TCP Provider: Error code 0x2746 (10054) (SQLDriverConnect)",
        DatabaseProblem.UNREACHABLE,
    ),
    "a server that FreeTDS doesn't reach": (
        "08001",
        "[08001] [FreeTDS][SQL Server]Unable to connect to data source (0) (SQLDriverConnect)",
        DatabaseProblem.UNREACHABLE,
    ),
    "a server with too many connections": (
        "08004",
        (
            f"[08004] {MS}[SQL Server]Could not connect because the maximum number of '5' user connections "
            "has already been reached. (17809) (SQLDriverConnect)"
        ),
        DatabaseProblem.OTHER,
    ),
    "a missing driver on Windows": (
        "IM002",
        (
            "[IM002] [Microsoft][ODBC Driver Manager] Data source name not found and no default driver "
            "specified (0) (SQLDriverConnect)"
        ),
        DatabaseProblem.DRIVER,
    ),
    "a missing driver on Linux": (
        "01000",
        (
            "[01000] [unixODBC][Driver Manager]Can't open lib 'ODBC Driver 19 for SQL Server' : file not "
            "found (0) (SQLDriverConnect)"
        ),
        DatabaseProblem.DRIVER,
    ),
}
READING = {
    "a missing table": (
        "42S02",
        f"[42S02] {MS}[SQL Server]El nombre de objeto 'x' no es válido. (208) (SQLExecDirectW)",
        DatabaseProblem.NO_TABLE,
    ),
    "a missing table with a number in its name": (
        "42S02",
        f"[42S02] {MS}[SQL Server]Invalid object name 'Prices (229)'. (208) (SQLExecDirectW)",
        DatabaseProblem.NO_TABLE,
    ),
    "a broken connection": (
        "08S01",
        f"[08S01] {MS}TCP Provider: Error code 0x68 (104) (SQLGetData)",
        DatabaseProblem.CUT_OFF,
    ),
    "a time-out": (
        "HYT00",
        f"[HYT00] {MS}Query timeout expired (0) (SQLExecDirectW)",
        DatabaseProblem.NO_ANSWER,
    ),
    "a time-out without a message": (
        "HY000",
        "The driver did not supply an error!",
        DatabaseProblem.NO_ANSWER,
    ),
    "something else": (
        "42000",
        f"[42000] {MS}[SQL Server]Incorrect syntax near ')'. (102) (SQLExecDirectW)",
        DatabaseProblem.OTHER,
    ),
}


@pytest.mark.parametrize(("state", "text", "problem"), CONNECTING.values(), ids=CONNECTING)
def test_a_complaint_about_connecting_is_understood(
    state: str, text: str, problem: DatabaseProblem
) -> None:
    assert cause_of(read_complaint(Exception(state, text)), connecting=True).problem is problem


@pytest.mark.parametrize(
    "text",
    [
        CLOSED,
        f"[08001] {MS}SSL Provider: [error:0A00010B:SSL routines::wrong version number] (-1)",
    ],
)
def test_a_server_that_is_too_old_for_strict_encryption_is_not_called_unreachable(
    text: str,
) -> None:
    complaint = read_complaint(Exception("08001", text))

    cause = cause_of(complaint, connecting=True, strict=True)

    assert cause.problem is DatabaseProblem.ENCRYPTION
    assert "Encrypt=strict" in cause.what
    assert "Encrypt=strict" not in cause_of(complaint, connecting=True).what


@pytest.mark.parametrize("name", [name for name in CONNECTING if "no answer" not in name])
def test_only_a_time_out_is_told_as_one(name: str) -> None:
    state, text, _ = CONNECTING[name]

    assert "limits" not in cause_of(read_complaint(Exception(state, text)), connecting=True).what


@pytest.mark.parametrize(("state", "text", "problem"), READING.values(), ids=READING)
def test_a_complaint_about_reading_is_understood(
    state: str, text: str, problem: DatabaseProblem
) -> None:
    assert cause_of(read_complaint(Exception(state, text)), connecting=False).problem is problem


def test_an_error_without_arguments_is_understood_too() -> None:
    cause = cause_of(read_complaint(Exception()), connecting=False)

    assert cause.problem is DatabaseProblem.OTHER


def test_a_text_is_shown_without_what_the_driver_adds() -> None:
    complaint = read_complaint(Exception(*READING["something else"][:2]))

    assert safe_text(complaint, secrets=[]) == ": Incorrect syntax near ')'"


def test_a_text_that_contains_a_secret_is_not_shown() -> None:
    complaint = Complaint("HY000", frozenset(), "Invalid attribute PWD=hush (0)")

    assert safe_text(complaint, secrets=["hush"]) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Server=shop-pc;Encrypt=no",
        "Server=shop-pc;encrypt = {Optional}",
        "Driver={ODBC Driver 18 for SQL Server};Server=shop-pc;Encrypt=NO;Encrypt=yes",
        "Driver={ODBC Driver 17 for SQL Server};Server=shop-pc",
        "Driver={SQL Server};Server=shop-pc",
        "Driver=/opt/microsoft/lib/libmsodbcsql-17.10.so.6.1;Server=shop-pc",
        "DSN=Shop",
    ],
)
def test_the_user_is_warned_of_a_connection_that_may_not_be_encrypted(text: str) -> None:
    warning = encryption_warning(own_login(f"{text};UID=till;PWD=hush"))

    assert warning is not None
    assert "Write Encrypt=yes in it." in warning
    assert "hush" not in warning


@pytest.mark.parametrize(
    "login",
    [
        own_login("Server=shop-pc"),
        own_login("Server=shop-pc;Encrypt=Mandatory"),
        own_login("DSN=Shop;Encrypt=strict"),
        own_login("Driver={ODBC Driver 18 for SQL Server};Server=shop-pc"),
        own_login("Driver=/opt/microsoft/lib/libmsodbcsql-18.6.so.2.1;Server=shop-pc"),
        own_login(r"Server=localhost\SQLEXPRESS;Encrypt=no"),
        sql_login("shop-pc", "Shop", "till", "hush"),
    ],
    ids=lambda login: login.server,
)
def test_no_warning_is_given_if_nobody_can_listen(login: Login) -> None:
    assert encryption_warning(login) is None
