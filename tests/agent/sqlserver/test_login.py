"""A login keeps its connection string together with what that says."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sqlserver.login import attributes, own_login, sql_login, windows_login

values = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@given(server=values, database=values, user=values, password=values)
def test_no_value_in_a_connection_string_can_change_another(
    server: str, database: str, user: str, password: str
) -> None:
    said = attributes(sql_login(server, database, user, password).text)

    assert (said["server"], said["database"]) == (server, database)
    assert (said["uid"], said["pwd"]) == (user, password)
    assert said["encrypt"] == "yes"
    assert said["applicationintent"] == "ReadOnly"


def test_a_login_agrees_with_its_text() -> None:
    login = sql_login(r"shop-pc\SQLEXPRESS", "Shop", "till", "p;w}{d")

    assert own_login(login.text) == login


def test_a_windows_login_is_a_trusted_connection_without_a_user() -> None:
    login = windows_login("x", "Shop")

    assert attributes(login.text)["trusted_connection"] == "yes"
    assert login.user is None
    assert own_login(login.text) == login


@pytest.mark.parametrize(
    ("server", "is_local"),
    [
        ("localhost", True),
        (r".\SQLEXPRESS", True),
        ("(local)", True),
        (r"(localdb)\MSSQLLocalDB", True),
        ("tcp:127.0.0.1,1433", True),
        (socket.gethostname().upper(), True),
        ("shop-pc", False),
        (r"shop-pc\SQLEXPRESS", False),
        ("localhost.invalid", False),
        (r"np:\\shop-pc\pipe\sql\query", False),
    ],
)
def test_a_certificate_is_verified_unless_the_server_is_this_computer(
    server: str, is_local: bool
) -> None:
    said = attributes(windows_login(server, "Shop").text)

    assert said["trustservercertificate"] == ("yes" if is_local else "no")


@pytest.mark.parametrize(
    ("own", "server", "database", "user", "has_driver"),
    [
        ("Server=tcp:pc,1500;Database=Shop;UID=till;PWD=x", "tcp:pc,1500", "Shop", "till", False),
        ("driver={A;B};SERVER = pc ;uid=", "pc", "", None, True),
        ("DSN=Shop", "", "", None, True),
        ("", "", "", None, False),
    ],
)
def test_the_users_connection_string_stays_unchanged_and_is_understood(
    own: str, server: str, database: str, user: str | None, has_driver: bool
) -> None:
    login = own_login(own)

    assert login.text == own
    assert (login.server, login.database, login.user) == (server, database, user)
    assert login.has_driver == has_driver


def test_a_server_that_only_the_driver_knows_has_no_address() -> None:
    assert own_login("DSN=Shop").address is None
    assert own_login("Driver=FreeTDS;Server=pc;Port=1500").address is None
    assert own_login("Server=pc").address is not None


def test_the_first_of_repeated_attributes_counts() -> None:
    login = own_login("Server=x;Database=Shop").with_database("master")

    assert login.database == attributes(login.text)["database"] == "master"


@pytest.mark.parametrize(
    "login", [sql_login("pc", "Shop", "till", "hush"), own_login("Server=pc;PWD=hush")]
)
def test_a_login_lists_its_secrets_but_does_not_show_them(login: object) -> None:
    assert "hush" not in repr(login)
    assert login.secrets == ("hush",)  # type: ignore[attr-defined]  # both are a Login
