"""The password: asked for without showing it, or read from standard input."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from agent.command_line.main import main
from dev.digible.api import EMAIL, PASSWORD
from tests.agent.command_line.login.shop import RUN, STDIN, Person, Shop, expired_run, requests
from tests.agent.shops import clean_environment
from tests.loopback import python_path

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("stdin", [f"\ufeff{PASSWORD}\r\n", f"{PASSWORD}", f"{PASSWORD}\nmore\n"])
def test_the_password_is_the_first_line_however_it_is_piped(shop: Shop, stdin: str) -> None:
    assert shop.run(*STDIN, stdin=stdin)[0] == 0


def test_with_a_terminal_the_password_is_asked_for_without_showing_it(
    shop: Shop, person: Callable[..., Person]
) -> None:
    somebody = person(EMAIL, PASSWORD)
    assert shop.run()[0] == 0
    assert somebody.asked == ["E-mail at Digible: ", "Password (not shown): "]
    assert somebody.hidden == ["Password (not shown): "]


def test_a_given_e_mail_is_not_asked_for(shop: Shop, person: Callable[..., Person]) -> None:
    somebody = person(PASSWORD)
    assert shop.run("--email", EMAIL)[0] == 0
    assert somebody.asked == ["Password (not shown): "]


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        ((), "", "There is no terminal here"),
        (("--email", EMAIL), "", "There is no terminal here"),
        (("--password-stdin",), PASSWORD, "--password-stdin needs --email"),
        (STDIN, "", "The password is empty"),
        (("--email", " ", "--password-stdin"), PASSWORD, "The e-mail address is empty"),
    ],
)
def test_what_is_missing_is_a_wrong_usage(
    shop: Shop, arguments: tuple[str, ...], stdin: str, words: str
) -> None:
    code, out, err = shop.run(*arguments, stdin=stdin)
    assert (code, out) == (2, "")
    assert words in err
    assert not (shop.folder / "token").exists()


def test_a_password_is_never_typed_where_it_shows(shop: Shop) -> None:
    class Typed(io.StringIO):
        def isatty(self) -> bool:
            return True

    shop.monkeypatch.setattr("sys.stdin", Typed(PASSWORD))
    assert main(["login", *STDIN]) == 2
    assert "on which the password would show" in shop.capsys.readouterr().err


def test_without_a_place_for_the_token_nobody_is_asked_anything(
    shop: Shop, person: Callable[..., Person]
) -> None:
    shop.settings("")
    somebody = person()
    code, _, err = shop.run()
    assert code == 2
    assert "[key_vault] url" in err
    assert not somebody.asked


def test_ctrl_c_at_a_question_leaves_the_old_token(
    shop: Shop, person: Callable[..., Person]
) -> None:
    person(KeyboardInterrupt())
    code, _, err = shop.run()
    assert code == 130
    assert err == "Stopped. The stored login is as it was.\n"


def test_the_end_of_input_at_a_question_is_a_wrong_usage(
    shop: Shop, person: Callable[..., Person]
) -> None:
    person(EOFError())
    assert shop.run()[0] == 2


TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "agent", "login"])
"""


def test_on_a_real_terminal_the_password_is_not_shown(
    shop: Shop, service: BlobServiceClient
) -> None:
    if sys.platform == "win32":
        pytest.skip("needs machine: a POSIX terminal")
    import pty  # noqa: PLC0415  not on Windows

    expired_run(shop, service)
    ours, theirs = pty.openpty()
    environment = {**clean_environment(), "PYTHONPATH": python_path(ROOT), "TERM": "dumb"}
    with subprocess.Popen(
        [sys.executable, "-c", TERMINAL],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    ) as process:
        os.close(theirs)
        said = ""
        for question, answer in (("Digible: ", EMAIL), ("shown): ", PASSWORD), ("[Y/n] ", "y")):
            while question not in said:
                said += os.read(ours, 10_000).decode()
            os.write(ours, f"{answer}\n".encode())
        try:
            while more := os.read(ours, 10_000):
                said += more.decode()
        except OSError:  # Linux: the other end is closed
            pass
        assert process.wait() == 0
    os.close(ours)
    assert re.search(r"holds until [0-9-]+ [0-9:]+ \(23 hours\)", " ".join(said.split()))
    assert max(map(len, said.splitlines())) <= 80
    assert PASSWORD not in said
    assert requests(shop, service) == [f"{shop.store}/{RUN}.resume"]


def test_no_secret_is_in_the_details_for_a_support_person(shop: Shop) -> None:
    code, out, err = shop.run(*STDIN, "--verbose")
    assert code == 0
    assert shop.token not in out + err
    assert json.dumps(PASSWORD) not in out + err
