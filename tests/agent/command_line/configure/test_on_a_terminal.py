"""`configure` as an owner runs it: a real process on a real terminal."""

import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.passwords import stored_password
from tests.agent.command_line.configure.installer import Installer
from tests.agent.shops import clean_environment
from tests.loopback import python_path
from tests.tds import PASSWORD, USER

ROOT = Path(__file__).resolve().parents[4]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs machine: a pseudo-terminal")


class Conversation:
    """`shopmaster configure` on a pseudo-terminal of its own."""

    def __init__(self, installer: Installer, config: str = "shopmaster.toml") -> None:
        self._command = [sys.executable, "-m", "agent", "configure", "--config", config]
        self._folder = installer.folder
        self._environment = {
            **clean_environment(),
            "PYTHONPATH": python_path(ROOT),
            "SHOPMASTER_DATABASE__SERVER": installer.server.server,
        }
        self._shown = b""

    def __enter__(self) -> "Conversation":
        self._own, theirs = os.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *self._command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self._folder,
            env=self._environment,
        )
        os.close(theirs)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._own)

    def expect(self, question: str) -> None:
        wanted = question.encode()
        while wanted not in self._shown.rpartition(b"\0")[2]:
            self._read()

    def type(self, text: str) -> None:
        self._shown += b"\0"  # what comes before has been answered
        os.write(self._own, text.encode())

    def answer(self, question: str, text: str) -> None:
        self.expect(question)
        self.type(f"{text}\n")

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C, and again if it came just before the question began to wait: nobody is so fast."""
        self.type("\x03")
        return self.end(lambda: self.type("\x03"))

    def end(self, each_second: Callable[[], None] = lambda: None) -> tuple[int, str]:
        try:
            for _ in range(60):
                while select.select([self._own], [], [], 1)[0]:
                    self._read()
                each_second()
        except EOFError:
            pass
        shown = self._shown.replace(b"\0", b"").decode().replace("\r\n", "\n")
        return self._process.wait(timeout=30), shown

    def _read(self) -> None:
        assert select.select([self._own], [], [], 60)[0], self._shown.decode(errors="replace")
        try:
            data = os.read(self._own, 4096)
        except OSError:  # Linux: the other side is closed
            data = b""
        if not data:
            raise EOFError(self._shown.decode(errors="replace"))
        self._shown += data


def test_an_owner_is_asked_and_the_password_is_not_echoed(installer: Installer) -> None:
    with Conversation(installer) as owner:
        owner.answer("Name of the store, from your operator, such as 0001:", installer.store)
        owner.answer("SQL Server (? searches for others)", "")
        owner.answer("(Windows authentication)? [y/N]", "n")
        owner.answer("User name in SQL Server:", USER)
        owner.answer(f"Password of {USER} (not shown):", PASSWORD)
        owner.answer("Database (a number, or type another) [Shop]:", "")
        owner.answer("Table with the products (a number, or type another)", "")
        owner.answer("Are these your products, with the right prices? [Y/n]", "")
        owner.answer("(not shown):", installer.storage)
        owner.answer("Key Vault from your operator, or none [none]:", "")
        code, shown = owner.end()
    assert code == 0, shown
    assert PASSWORD not in shown
    assert installer.storage[:200] not in shown
    assert "P0                        Café 0                                12.50" in shown
    assert installer.written["database"]["username"] == USER
    assert stored_password(installer.file, f"{USER}@{installer.server.server}") == PASSWORD


def test_ctrl_c_leaves_the_old_file_as_it_was(installer: Installer) -> None:
    before = "# Anna's\nstore = 'before'\n"
    installer.file.write_text(before, encoding="utf-8")
    with Conversation(installer) as owner:
        owner.answer("Name of the store", "")
        owner.expect("SQL Server")
        code, shown = owner.interrupt()
    assert code == 130
    assert "Stopped." in shown
    assert "is as it was" in " ".join(shown.split())
    assert installer.file.read_text(encoding="utf-8") == before
    assert [path.name for path in installer.folder.iterdir()] == ["shopmaster.toml"]


def test_a_place_that_cannot_be_written_to_costs_nobody_an_answer(installer: Installer) -> None:
    (installer.folder / "file").touch()
    with Conversation(installer, "file/shopmaster.toml") as owner:
        code, shown = owner.end()
    assert code == 1
    assert "Name of the store" not in shown
    assert "can't be written to" in " ".join(shown.split())
