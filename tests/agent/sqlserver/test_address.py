"""Where a SQL Server is, and a quick check whether anything answers there."""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import DatabaseError, DatabaseProblem
from agent.sqlserver import address as address_module
from agent.sqlserver.address import browser_port, knock, parse_address


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
def test_an_address_is_split_into_its_parts(
    server: str, protocol: str | None, host: str, instance: str | None, port: int | None
) -> None:
    address = parse_address(server)

    assert address is not None
    assert (address.protocol, address.host) == (protocol, host)
    assert (address.instance, address.port) == (instance, port)


@pytest.mark.parametrize("server", ["", r"\\.\pipe\sql\query", "host,port", r"np:\\.\pipe\sql"])
def test_an_address_only_the_driver_understands_is_left_to_the_driver(server: str) -> None:
    assert parse_address(server) is None


@pytest.mark.parametrize(
    "server", [".", "localhost", r"localhost\SQLEXPRESS", "lpc:.", r"(localdb)\v11.0", "np:x"]
)
def test_windows_may_reach_servers_on_the_same_computer_without_tcp(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    address = parse_address(server)

    assert address is not None
    assert not address.is_surely_tcp


@pytest.mark.parametrize(
    ("server", "written"),
    [
        ("shop-pc:1433", "shop-pc,1433"),
        ("shop-pc;1500", "shop-pc,1500"),
        ("shop-pc 1433", "shop-pc,1433"),
        ("192.168.1.5 : 1433", "192.168.1.5,1433"),
        ("TCP:shop-pc:1433", "TCP:shop-pc,1433"),
        (r"shop-pc\EXPRESS:1433", r"shop-pc\EXPRESS,1433"),
        ("[::1]:1433", "::1,1433"),
    ],
)
def test_a_port_without_its_comma_is_refused_with_the_right_spelling(
    server: str, written: str
) -> None:
    address = parse_address(server)
    assert address is not None

    with pytest.raises(DatabaseError, match="SQL Server wants a comma") as caught:
        knock(address, seconds=0.2)

    assert f"write {written} as `server`" in str(caught.value)


@pytest.mark.parametrize("host", ["::1", "tcp:::1", "0:0:0:0:0:0:0:1"])
def test_the_colons_of_an_ipv6_address_are_no_port(host: str) -> None:
    try:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("needs machine: one with IPv6")
    with listening:
        address = parse_address(f"{host},{listening.getsockname()[1]}")
        assert address is not None

        knock(address, seconds=5)


@pytest.mark.parametrize("server", ["::1", "fe80::1433", "1:2:3:4:5:6:7:1433"])
def test_an_ipv6_address_without_a_port_wants_no_comma(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refused)
    address = parse_address(f"tcp:{server}")
    assert address is not None

    with pytest.raises(DatabaseError, match=f"Nothing answers at {server}, port 1433"):
        knock(address, seconds=1)


@contextmanager
def browser(answer: bytes | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Run a SQL Server Browser that sends one answer, or none; yield the questions it gets."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        monkeypatch.setattr(address_module, "_BROWSER_PORT", listening.getsockname()[1])

        def serve() -> None:
            question, place = listening.recvfrom(1024)
            asked.append(question)
            if answer is not None:
                listening.sendto(answer, place)

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        thread.join()


def answer_with(port: int) -> bytes:
    text = f"ServerName;SHOP-PC;InstanceName;SQLEXPRESS;IsClustered;No;Version;16.0;tcp;{port};;"
    return b"\x05" + len(text).to_bytes(2, "little") + text.encode()


def test_sql_server_browser_is_asked_for_an_instances_port(monkeypatch: pytest.MonkeyPatch) -> None:
    address = parse_address(r"tcp:127.0.0.1\SQLEXPRESS")
    assert address is not None
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        browser(answer_with(server.getsockname()[1]), monkeypatch) as asked,
    ):
        knock(address, seconds=5)

    assert asked == [b"\x04SQLEXPRESS\0"]


def test_an_unknown_instance_is_distinguished_from_a_silent_computer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = parse_address(r"tcp:127.0.0.1\SQLEXPRES")
    assert address is not None
    with (
        browser(None, monkeypatch),
        pytest.raises(DatabaseError, match=r"SQL Server Browser on .* doesn't say") as caught,
    ):
        knock(address, seconds=0.2)

    assert caught.value.problem is DatabaseProblem.UNREACHABLE


@given(st.binary())
def test_any_answer_from_a_browser_yields_a_port_or_none(answer: bytes) -> None:
    port = browser_port(answer)
    assert port is None or port >= 0
