"""Messages for the shop owner if SQL Server can't be read: what failed, where, and what to do."""

import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from agent.errors import DatabaseError, DatabaseProblem, ExitCode
from agent.names import Columns
from agent.sqlserver import session
from agent.sqlserver.login import own_login, sql_login, windows_login
from agent.sqlserver.source import SqlServerSource
from agent.sqlserver.table import SqlServerTable, TimeLimits
from tests.tds import PASSWORD, USER, Faults, SqlServerStandIn, Table
from tests.tds.__main__ import SHOP_COLUMNS, products
from tests.tds.packets import Channel
from tests.tds.places import table_in
from tests.tds.requests import prelogin_answer

TABLE = Table("Products", SHOP_COLUMNS, [("A1", "Coffee", Decimal("12.50"))])
SHORT = TimeLimits(knock=1, login=2, lock=7, answer=1)


@pytest.fixture
def placed() -> Iterator[SqlServerTable]:
    with SqlServerStandIn([TABLE]) as server:
        yield table_in(server, TABLE)


def failure(placed: SqlServerTable, limits: TimeLimits = SHORT) -> DatabaseError:
    """Read everything, and return the error that ends it."""
    with pytest.raises(DatabaseError) as caught:
        list(SqlServerSource(placed, limits).rows())
    assert caught.value.exit_code is ExitCode.FAILED
    assert PASSWORD not in str(caught.value)
    return caught.value


def table_at(server: str) -> SqlServerTable:
    return SqlServerTable(windows_login(server, "Shop"), ("Products",), Columns())


@contextmanager
def faulty(faults: Faults, rows: int = 1) -> Iterator[SqlServerTable]:
    table = Table("Products", SHOP_COLUMNS, products(rows))
    with SqlServerStandIn([table], faults=faults) as server:
        yield table_in(server, table)


def test_a_wrong_password_is_a_refused_login(placed: SqlServerTable) -> None:
    error = failure(replace(placed, login=sql_login(placed.login.server, "Shop", USER, "wrong")))

    assert error.problem is DatabaseProblem.LOGIN
    assert "refuses the login of the user “shop”" in str(error)
    assert "wrong" not in str(error)


@pytest.mark.skipif(sys.platform == "win32", reason="needs machine: one that isn't Windows")
def test_a_windows_login_without_windows_suggests_a_sql_server_login(
    placed: SqlServerTable,
) -> None:
    error = failure(replace(placed, login=windows_login(placed.login.server, "Shop")))

    assert error.problem is DatabaseProblem.LOGIN
    assert 'set `authentication = "sql"`' in str(error)


def test_a_missing_database_is_named_with_those_that_may_be_opened(
    placed: SqlServerTable,
) -> None:
    error = failure(replace(placed, login=sql_login(placed.login.server, "Shopp", USER, PASSWORD)))

    assert error.problem is DatabaseProblem.NO_DATABASE
    assert "no database “Shopp”" in str(error)
    assert "It may open: Shop." in str(error)
    assert "ask the person who looks after the database to give the user “shop” access" in str(
        error
    )


def test_a_closed_port_is_noticed_before_the_driver_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    error = failure(table_at(f"tcp:127.0.0.1,{port}"))

    assert error.problem is DatabaseProblem.UNREACHABLE
    assert str(error).startswith(f"Nothing answers at 127.0.0.1, port {port}. Check that")


def test_an_unknown_computer_is_distinguished_from_a_silent_one() -> None:
    error = failure(table_at("no such computer.invalid,1433"))

    assert error.problem is DatabaseProblem.UNREACHABLE
    assert "There is no computer “no such computer.invalid”" in str(error)


def test_a_server_that_accepts_connections_but_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        error = failure(table_at(f"127.0.0.1,{mute.getsockname()[1]}"))

    assert error.problem is DatabaseProblem.UNREACHABLE
    assert "didn't answer within 2 s" in str(error)


@contextmanager
def listening(serve: Callable[[socket.socket], object]) -> Iterator[str]:
    """Let `serve` answer at a free port, and close each connection after it; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client, suppress(OSError):
                        serve(client)

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"127.0.0.1,{server.getsockname()[1]}"
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def answers(data: bytes) -> Callable[[socket.socket], object]:
    """Answer the first packet, then wait until the client leaves."""

    def serve(client: socket.socket) -> None:
        if client.recv(4096):
            client.sendall(data)
            while client.recv(4096):
                pass

    return serve


def greets(data: bytes) -> Callable[[socket.socket], object]:
    """Speak first, then wait until the client leaves."""

    def serve(client: socket.socket) -> None:
        client.sendall(data)
        while client.recv(4096):
            pass

    return serve


def has_no_tls(client: socket.socket) -> None:
    channel = Channel(client)
    channel.receive()
    channel.send(prelogin_answer(request=b"\xff")[1])
    client.recv(4096)


HTTP = answers(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    "serve",
    [
        HTTP,
        greets(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        greets(b"\x4a\0\0\0\x0a8.0.32\0\x08\0\0\0abcdefgh\0" + bytes(55)),
        greets(b"220 shop-pc ESMTP\r\n"),
    ],
    ids=["HTTP", "SSH", "MySQL", "SMTP"],
)
def test_another_program_at_the_port_is_not_called_silent(
    serve: Callable[[socket.socket], object],
) -> None:
    with listening(serve) as server:
        error = failure(table_at(server))

    assert error.problem is DatabaseProblem.UNREACHABLE
    assert str(error).startswith(f"What answers at {server} is not a SQL Server.")


@pytest.mark.parametrize(
    "serve",
    [lambda _: None, lambda client: client.recv(4096)],
    ids=["at once", "after the first packet"],
)
def test_a_server_that_closes_the_connection_is_not_called_silent(
    serve: Callable[[socket.socket], object],
) -> None:
    with listening(serve) as server:
        error = failure(table_at(server))

    assert error.problem is DatabaseProblem.UNREACHABLE
    assert f"{server} closed the connection before the login." in str(error)


def test_a_server_without_encryption_is_said_to_be_one() -> None:
    with listening(has_no_tls) as server:
        error = failure(table_at(server))

    assert error.problem is DatabaseProblem.ENCRYPTION
    assert f"{server} can't encrypt the connection." in str(error)


@pytest.mark.parametrize("serve", [HTTP, lambda client: client.recv(4096)], ids=["HTTP", "closes"])
def test_a_server_that_knows_no_strict_encryption_is_said_to_be_one(
    serve: Callable[[socket.socket], object], placed: SqlServerTable
) -> None:
    with listening(serve) as server:
        own = own_login(f"Server={server};UID=shop;PWD=x;Encrypt=strict")
        error = failure(replace(placed, login=own))

    assert error.problem is DatabaseProblem.ENCRYPTION
    assert f"{server} doesn't accept Encrypt=strict" in str(error)


def test_a_silent_server_is_given_up_with_strict_encryption_too(placed: SqlServerTable) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        server = f"127.0.0.1,{mute.getsockname()[1]}"
        own = own_login(f"Server={server};UID=shop;PWD=x;Encrypt=strict")
        error = failure(replace(placed, login=own))

    assert error.problem is DatabaseProblem.UNREACHABLE
    assert str(error).startswith("Nothing answers at 127.0.0.1, port")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Encrypt", "true"),
        ("TrustServerCertificate", "true"),
        ("Trusted_Connection", "SSPI"),
        ("ApplicationIntent", "foo"),
        ("MultiSubnetFailover", "1"),
        ("Authentication", "Windows"),
    ],
)
def test_a_value_in_another_programs_spelling_is_named(
    placed: SqlServerTable, key: str, value: str
) -> None:
    own = own_login(f"{key}={value};{placed.login.text}")

    error = failure(replace(placed, login=own))

    assert error.problem is DatabaseProblem.DRIVER
    assert f"'{key}'. Correct that in `connection_string`" in str(error)


def test_a_connection_string_without_a_server_is_said_to_be_one(placed: SqlServerTable) -> None:
    own = own_login("Data Source=127.0.0.1;Initial Catalog=Shop;User ID=shop;PWD={p;w}}{d}")

    error = failure(replace(placed, login=own))

    assert error.problem is DatabaseProblem.DRIVER
    assert "Neither DSN nor SERVER keyword supplied. Correct that in" in str(error)


def test_a_port_without_its_comma_is_noticed_before_the_driver_waits() -> None:
    error = failure(table_at("127.0.0.1:1433"))

    assert error.problem is DatabaseProblem.UNREACHABLE
    assert "write 127.0.0.1,1433 as `server` in the settings" in str(error)


def test_an_untrusted_certificate_is_refused_from_another_computer(
    placed: SqlServerTable,
) -> None:
    # Only the user's own connection string can treat this computer as another one.
    own = f"Server={placed.login.server};Database=Shop;UID=shop;PWD={{p;w}}}}{{d}}"

    error = failure(replace(placed, login=own_login(own)))

    assert error.problem is DatabaseProblem.ENCRYPTION
    assert "TrustServerCertificate=yes" in str(error)
    trusting = f"{own};TrustServerCertificate=yes"
    assert SqlServerSource(replace(placed, login=own_login(trusting))).count() == 1


def test_a_missing_driver_is_reported_with_where_to_get_one(
    placed: SqlServerTable,
) -> None:
    own = f"Driver=ODBC Driver 99 for SQL Server;{placed.login.text}"

    error = failure(replace(placed, login=own_login(own)))

    assert error.problem is DatabaseProblem.DRIVER
    assert "https://aka.ms/downloadmsodbcsql" in str(error)


def test_a_missing_pyodbc_or_unixodbc_is_reported_as_a_missing_driver(
    placed: SqlServerTable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pyodbc.py").write_text(
        "raise ImportError('libodbc.so.2: cannot open shared object file')", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyodbc", raising=False)

    error = failure(placed)

    assert error.problem is DatabaseProblem.DRIVER
    assert "unixODBC is not installed here" in str(error)


@pytest.mark.parametrize(
    ("faults", "problem", "words"),
    [
        (Faults(denied=True), DatabaseProblem.DENIED, "grant SELECT on it"),
        (Faults(locked=True), DatabaseProblem.LOCKED, "locked for 7 s"),
        (Faults(silent=True), DatabaseProblem.NO_ANSWER, "didn't answer within 1 s"),
        (Faults(deadlock_after=0), DatabaseProblem.DEADLOCK, "(a deadlock). Try again."),
    ],
    ids=["denied", "locked", "silent", "deadlock"],
)
def test_each_trouble_before_the_first_row_has_its_own_message(
    faults: Faults, problem: DatabaseProblem, words: str
) -> None:
    with faulty(faults) as placed:
        error = failure(placed)

    assert error.problem is problem
    assert words in str(error)
    assert "dbo.Products" in str(error)


@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        (Faults(deadlock_after=5000), DatabaseProblem.DEADLOCK),
        (Faults(cut_after=5000), DatabaseProblem.CUT_OFF),
        (Faults(stall_after=5000), DatabaseProblem.NO_ANSWER),
    ],
    ids=["deadlock", "cut", "stalled"],
)
def test_trouble_between_rows_ends_the_reading_with_an_error(
    faults: Faults, problem: DatabaseProblem
) -> None:
    read: list[object] = []
    with faulty(faults, rows=10_000) as placed, pytest.raises(DatabaseError) as caught:
        read.extend(SqlServerSource(placed, SHORT).rows())

    assert caught.value.problem is problem
    assert 1000 <= len(read) <= 5000


@pytest.mark.parametrize(
    "faults", [Faults(locked=True), Faults(silent=True), Faults(deadlock_after=0)]
)
def test_not_counting_a_busy_table_is_not_an_error(faults: Faults) -> None:
    with faulty(faults) as placed:
        assert SqlServerSource(placed, SHORT).count() is None


def test_counting_a_locked_table_takes_little_of_the_time_that_reading_it_may_take() -> None:
    with SqlServerStandIn([TABLE], faults=Faults(locked=True)) as server:
        source = SqlServerSource(table_in(server, TABLE))
        assert source.count() is None
        with pytest.raises(DatabaseError, match="locked for 30 s"):
            list(source.rows())

    limits = [words for sql in server.statements for words in re.findall(r"LOCK_TIMEOUT \d+", sql)]
    assert limits == ["LOCK_TIMEOUT 1000", "LOCK_TIMEOUT 30000"]


def test_counting_rows_that_may_not_be_read_is_an_error() -> None:
    with faulty(Faults(denied=True)) as placed, pytest.raises(DatabaseError):
        SqlServerSource(placed, SHORT).count()


def test_another_kind_of_database_is_named(
    placed: SqlServerTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_DBMS_NAME", 10)  # SQL_ODBC_VER: "03.52", on Windows "03.80"

    assert re.search(
        r"leads to 03\.\d\d, but the agent only reads SQL Server", str(failure(placed))
    )


def test_a_column_of_binary_values_is_named() -> None:
    table = Table("T", {"id": "int", "name": "varbinary(9)", "price": "money"}, [(1, b"x", 1)])
    with SqlServerStandIn([table]) as server:
        error = failure(table_in(server, table))

    assert error.problem is DatabaseProblem.VALUE
    assert "The column name contains nothing but binary values" in str(error)
