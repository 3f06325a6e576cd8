"""SQL Servers are found in the registry and through SQL Server Browser, whatever it answers."""

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.configuring.instances import (
    Instance,
    NoRegistry,
    ask_browsers,
    found_servers,
    read_answer,
)

EXPRESS = (
    "ServerName;SHOP-PC;InstanceName;SQLEXPRESS;IsClustered;No;Version;15.0.2000.5;"
    r"tcp;49700;np;\\SHOP-PC\pipe\MSSQL$SQLEXPRESS\sql\query;;"
)
DEFAULT = (
    "ServerName;SHOP-PC;InstanceName;MSSQLSERVER;IsClustered;No;Version;16.0.1000.6;tcp;1433;;"
)


def answer(text: str) -> bytes:
    data = text.encode("cp1252")
    return b"\x05" + struct.pack("<H", len(data)) + data


@dataclass
class FakeRegistry:
    names: Sequence[str]
    asked: list[str] = field(default_factory=list)

    def value_names(self, key: str) -> list[str]:
        self.asked.append(key)
        return list(self.names)


@contextmanager
def browser(*answers: bytes) -> Iterator[tuple[tuple[str, int], list[bytes]]]:
    """Serve as SQL Server Browser: give its address, and the questions that come."""
    questions: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)

        def serve() -> None:
            question, client = listening.recvfrom(100)
            questions.append(question)
            for each in answers:
                listening.sendto(each, client)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname(), questions
        thread.join()


def test_the_instances_of_this_computer_are_in_the_registry() -> None:
    registry = FakeRegistry(["MSSQLSERVER", "SQLEXPRESS"])
    assert found_servers(registry, places=()) == ["localhost", r"localhost\SQLEXPRESS"]
    assert registry.asked == [r"SOFTWARE\Microsoft\Microsoft SQL Server\Instance Names\SQL"]


def test_a_browser_tells_its_instances() -> None:
    with browser(answer(EXPRESS + DEFAULT)) as (place, questions):
        found = ask_browsers(place, 10)
    assert questions == [b"\x03"]
    assert found == [
        Instance("SHOP-PC", "SQLEXPRESS", "15.0.2000.5"),
        Instance("SHOP-PC", "MSSQLSERVER", "16.0.1000.6"),
    ]
    assert [each.server for each in found] == [r"SHOP-PC\SQLEXPRESS", "SHOP-PC"]


def test_this_computer_comes_first_and_once() -> None:
    own = EXPRESS.replace("SHOP-PC", socket.gethostname(), 1)
    other = EXPRESS.replace("SHOP-PC", "A-SERVER", 1)
    with browser(answer(other + own)) as (place, _):
        found = found_servers(FakeRegistry(["SQLEXPRESS"]), [place], 10)
    assert found == [r"localhost\SQLEXPRESS", r"A-SERVER\SQLEXPRESS"]


def test_where_no_browser_is_nothing_is_found() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert found_servers(NoRegistry(), [silent.getsockname()], 0.01) == []
        port = silent.getsockname()
    assert ask_browsers(port, 0.01) == []  # and nobody listens


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x05",
        b"\x05\x00\x00",
        b"\x04" + answer(EXPRESS)[1:],
        answer("ServerName;SHOP-PC;;"),
        answer("ServerName;;InstanceName;;;"),
        answer(";;;;"),
        answer("ServerName;a b;InstanceName;X;;"),
        answer("ServerName;shop,1;InstanceName;X;;"),
        answer(r"ServerName;a\b;InstanceName;X;;"),
        answer("ServerName;\x1b[31m;InstanceName;X;;"),
        answer("ServerName;PWD=x;InstanceName;X;;"),
    ],
)
def test_an_answer_without_a_possible_name_is_passed_over(data: bytes) -> None:
    assert read_answer(data) == []


def test_an_answer_that_is_cut_off_gives_what_is_whole() -> None:
    assert len(read_answer(answer(DEFAULT + EXPRESS)[:-40])) == 2
    assert read_answer(answer(DEFAULT)[:30]) == []


@given(st.binary(max_size=200))
def test_no_answer_is_an_error(data: bytes) -> None:
    for instance in read_answer(b"\x05" + data):
        assert instance.server.isprintable()
