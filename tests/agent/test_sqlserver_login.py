"""The way to a SQL Server: its address, the driver, and the connection string."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import sqlserver_address
from agent.errors import DatabaseError, DatabaseProblem
from agent.sqlserver_address import browser_port, knock, parse_address
from agent.sqlserver_login import (
    SqlServerOptions,
    attributes,
    connection_string,
    pick_driver,
    with_database,
)

DRIVER = "ODBC Driver 18 for SQL Server"
values = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@given(server=values, user=values, password=values)
def test_no_value_of_a_connection_string_can_become_another(
    server: str, user: str, password: str
) -> None:
    options = SqlServerOptions(
        "T", server=server, authentication="sql", username=user, password=password
    )

    said = attributes(connection_string(options, DRIVER))

    assert (said["server"], said["uid"], said["pwd"]) == (server, user, password)
    assert said["encrypt"] == "yes"
    assert said["applicationintent"] == "ReadOnly"


def test_a_windows_login_is_a_trusted_connection_without_a_user() -> None:
    said = attributes(connection_string(SqlServerOptions("T", server="x", username="u"), DRIVER))

    assert said["trusted_connection"] == "yes"
    assert not {"uid", "pwd"} & said.keys()


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
        ("localhost.example.com", False),
        (r"np:\\shop-pc\pipe\sql\query", False),
    ],
)
def test_a_certificate_is_verified_unless_the_server_is_this_computer(
    server: str, is_local: bool
) -> None:
    said = attributes(connection_string(SqlServerOptions("T", server=server), DRIVER))

    assert said["trustservercertificate"] == ("yes" if is_local else "no")


def test_the_users_own_connection_string_stays_as_it_is() -> None:
    own = "DSN=Shop;PWD=x"
    assert connection_string(SqlServerOptions("T", connection_string=own), DRIVER) == own


def test_the_users_own_connection_string_is_given_a_driver_if_it_names_none() -> None:
    options = SqlServerOptions("T", connection_string="Server=x")
    assert connection_string(options, DRIVER) == f"Driver={DRIVER};Server=x"


def test_of_a_repeated_attribute_the_first_counts() -> None:
    assert attributes(with_database("Server=x;Database=Shop", "master"))["database"] == "master"


@pytest.mark.parametrize(
    ("installed", "picked"),
    [
        (["SQL Server", "ODBC Driver 17 for SQL Server", DRIVER], DRIVER),
        (["ODBC Driver 17 for SQL Server", "PostgreSQL"], "ODBC Driver 17 for SQL Server"),
        (["ODBC Driver 9 for SQL Server", "ODBC Driver 19 for SQL Server", DRIVER], "ODBC Driver 19 for SQL Server"),
    ],
)  # fmt: skip
def test_the_newest_of_microsofts_drivers_is_picked(installed: list[str], picked: str) -> None:
    assert pick_driver(SqlServerOptions("T"), installed) == picked


def test_a_driver_that_the_settings_name_is_picked() -> None:
    assert pick_driver(SqlServerOptions("T", driver="FreeTDS"), [DRIVER]) == "FreeTDS"
    own = SqlServerOptions("T", connection_string="Driver={FreeTDS};Server=x")
    assert pick_driver(own, []) == "FreeTDS"


def test_without_any_driver_the_message_says_where_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mssql_python_odbc", None)

    with pytest.raises(DatabaseError, match=r"https://aka\.ms/downloadmsodbcsql") as caught:
        pick_driver(SqlServerOptions("T"), ["SQL Server", "ODBC Driver 13 for SQL Server"])

    assert caught.value.problem is DatabaseProblem.DRIVER


@pytest.mark.parametrize(
    ("server", "protocol", "host", "instance", "port"),
    [
        ("shop-pc", None, "shop-pc", None, None),
        (r"localhost\SQLEXPRESS", None, "localhost", "SQLEXPRESS", None),
        (" TCP:shop-pc , 1500 ", "tcp", "shop-pc", None, 1500),
        (r"shop-pc\EXPRESS,1500", None, "shop-pc", "EXPRESS", 1500),
        ("::1,1433", None, "::1", None, 1433),
    ],
)
def test_an_address_is_taken_apart(
    server: str, protocol: str | None, host: str, instance: str | None, port: int | None
) -> None:
    address = parse_address(server)

    assert address is not None
    assert (address.protocol, address.host) == (protocol, host)
    assert (address.instance, address.port) == (instance, port)


@pytest.mark.parametrize("server", ["", r"\\.\pipe\sql\query", "host,port", r"np:\\.\pipe\sql"])
def test_an_address_only_the_driver_understands_is_left_to_it(server: str) -> None:
    assert parse_address(server) is None


@pytest.mark.parametrize(
    "server", [".", "localhost", r"localhost\SQLEXPRESS", "lpc:.", r"(localdb)\v11.0", "np:x"]
)
def test_windows_reaches_its_own_servers_without_tcp(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    address = parse_address(server)

    assert address is not None
    assert not address.is_surely_tcp


@contextmanager
def browser(answer: bytes | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A SQL Server Browser that gives one answer, or none; gives what it was asked."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        monkeypatch.setattr(sqlserver_address, "_BROWSER_PORT", listening.getsockname()[1])

        def serve() -> None:
            question, place = listening.recvfrom(1024)
            asked.append(question)
            if answer is not None:
                listening.sendto(answer, place)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join()


def told(port: int) -> bytes:
    text = f"ServerName;SHOP-PC;InstanceName;SQLEXPRESS;IsClustered;No;Version;16.0;tcp;{port};;"
    return b"\x05" + len(text).to_bytes(2, "little") + text.encode()


def test_an_instances_port_is_asked_of_sql_server_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    address = parse_address(r"tcp:127.0.0.1\SQLEXPRESS")
    assert address is not None
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        browser(told(server.getsockname()[1]), monkeypatch) as asked,
    ):
        knock(address, seconds=5)

    assert asked == [b"\x04SQLEXPRESS\0"]


def test_an_instance_nobody_knows_is_told_from_a_silent_computer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = parse_address(r"tcp:127.0.0.1\SQLEXPRES")
    assert address is not None
    with (
        browser(None, monkeypatch),
        pytest.raises(DatabaseError, match=r"SQL Server Browser on .* doesn't tell") as caught,
    ):
        knock(address, seconds=0.2)

    assert caught.value.problem is DatabaseProblem.UNREACHABLE


@given(st.binary())
def test_any_answer_of_a_browser_is_a_port_or_none(answer: bytes) -> None:
    port = browser_port(answer)
    assert port is None or port >= 0
