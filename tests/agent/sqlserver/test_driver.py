"""Which ODBC driver is used."""

import sys

import pytest

from agent.errors import DatabaseError, DatabaseProblem
from agent.sqlserver.driver import connection_string
from agent.sqlserver.login import attributes, own_login, windows_login

DRIVER = "ODBC Driver 18 for SQL Server"
LOGIN = windows_login("shop-pc", "Shop")


@pytest.mark.parametrize(
    ("installed", "picked"),
    [
        (["SQL Server", "ODBC Driver 17 for SQL Server", DRIVER], DRIVER),
        (["ODBC Driver 17 for SQL Server", "PostgreSQL"], "ODBC Driver 17 for SQL Server"),
        (["ODBC Driver 9 for SQL Server", "ODBC Driver 19 for SQL Server", DRIVER], "ODBC Driver 19 for SQL Server"),
    ],
)  # fmt: skip
def test_the_newest_of_microsofts_drivers_is_used(installed: list[str], picked: str) -> None:
    assert connection_string(LOGIN, installed) == f"Driver={picked};{LOGIN.text}"


@pytest.mark.parametrize("own", ["Driver={FreeTDS};Server=x", "DSN=Shop;PWD=x", "FileDSN=x.dsn"])
def test_a_driver_named_in_the_settings_is_used(own: str) -> None:
    assert connection_string(own_login(own), [DRIVER]) == own


def test_the_users_connection_string_gets_a_driver_if_it_names_none() -> None:
    own = own_login("Server=x;Encrypt=no")

    assert connection_string(own, [DRIVER]) == f"Driver={DRIVER};Server=x;Encrypt=no"


def test_a_connection_string_that_says_nothing_about_encryption_is_encrypted() -> None:
    old = "ODBC Driver 17 for SQL Server"  # which doesn't encrypt unless it is told to

    assert connection_string(own_login("Server=x"), [old]) == f"Driver={old};Encrypt=yes;Server=x"


@pytest.mark.skipif(sys.platform == "win32", reason="needs machine: one that isn't Windows")
def test_without_an_installed_driver_one_is_found_by_its_path() -> None:
    assert "msodbcsql" in attributes(connection_string(LOGIN, []))["driver"]


def test_without_any_driver_the_message_says_where_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mssql_python_odbc", None)

    with pytest.raises(DatabaseError, match=r"https://aka\.ms/downloadmsodbcsql") as caught:
        connection_string(LOGIN, ["SQL Server", "ODBC Driver 13 for SQL Server"])

    assert caught.value.problem is DatabaseProblem.DRIVER
