"""What complaints raised by pyodbc mean; they come from several systems and languages."""

import pytest

from agent.errors import DatabaseProblem
from agent.sqlserver.messages import Complaint, problem_of, read_complaint, safe_text

MS = "[Microsoft][ODBC Driver 18 for SQL Server]"

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
    "a missing instance": (
        "08001",
        (
            f"[08001] {MS}SQL Server Network Interfaces: Error Locating Server/Instance Specified [xFFFFFFFF].  (-1) "
            f"(SQLDriverConnect); [HYT00] {MS}Login timeout expired (0)"
        ),
        DatabaseProblem.UNREACHABLE,
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
    assert problem_of(read_complaint(Exception(state, text)), connecting=True) is problem


@pytest.mark.parametrize(("state", "text", "problem"), READING.values(), ids=READING)
def test_a_complaint_about_reading_is_understood(
    state: str, text: str, problem: DatabaseProblem
) -> None:
    assert problem_of(read_complaint(Exception(state, text)), connecting=False) is problem


def test_an_error_without_arguments_is_understood_too() -> None:
    assert problem_of(read_complaint(Exception()), connecting=False) is DatabaseProblem.OTHER


def test_a_text_is_shown_without_what_the_driver_adds() -> None:
    complaint = read_complaint(Exception(*READING["something else"][:2]))

    assert safe_text(complaint, secrets=[]) == ": Incorrect syntax near ')'"


def test_a_text_that_contains_a_secret_is_not_shown() -> None:
    complaint = Complaint("HY000", frozenset(), "Invalid attribute PWD=hush (0)")

    assert safe_text(complaint, secrets=["hush"]) == ""
