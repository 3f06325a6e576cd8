"""Whom a schedule runs as, and how the password of a Windows account gets there."""

import io
import sys

import pytest

from agent.command_line.schedule_plan import chosen_account, this_program
from agent.errors import SettingsError
from agent.scheduling.plan import UserAccount
from agent.scheduling.platforms import this_account
from agent.windows_accounts import NETWORK_SERVICE, SYSTEM
from tests.agent.command_line.piping import piped
from tests.agent.scheduling.plans import SECRET


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def chosen(name: str | None, *, password_stdin: bool = False) -> object:
    return chosen_account(name, password_stdin=password_stdin, platform="win32")


def test_windows_own_accounts_need_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert chosen(None) == NETWORK_SERVICE
    assert chosen("SYSTEM") == SYSTEM


def test_a_password_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", piped(f"{SECRET}\nmore\n"))
    assert chosen(r"SHOP-PC\till", password_stdin=True) == UserAccount(r"SHOP-PC\till", SECRET)


def test_a_password_in_a_file_may_be_utf_8_with_a_byte_order_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", piped("grün\r\n".encode("utf-8-sig")))
    assert chosen(r"SHOP-PC\till", password_stdin=True) == UserAccount(r"SHOP-PC\till", "grün")


def test_a_password_is_asked_for_without_echo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return SECRET

    monkeypatch.setattr("getpass.getpass", ask)
    assert chosen(r"SHOP-PC\till") == UserAccount(r"SHOP-PC\till", SECRET)
    assert asked == [r"Windows password of SHOP-PC\till: "]


@pytest.mark.parametrize("stdin", [io.StringIO(), Terminal(), None])
def test_nobody_is_asked_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO | None
) -> None:
    """On Windows, an input from nowhere calls itself one."""
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(SettingsError, match="--password-stdin"):
        chosen(r"SHOP-PC\till")


def test_an_empty_password_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", piped("\n"))
    with pytest.raises(SettingsError, match="needs the password"):
        chosen(r"SHOP-PC\till", password_stdin=True)


def test_on_linux_the_account_is_whoever_installs_it() -> None:
    found = chosen_account(None, password_stdin=False, platform="linux")
    assert found == UserAccount(this_account())
    assert chosen_account("till", password_stdin=False, platform="linux") == UserAccount("till")


def test_the_program_is_this_one_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert this_program()[1:] == ("-m", "agent")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert len(this_program()) == 1
