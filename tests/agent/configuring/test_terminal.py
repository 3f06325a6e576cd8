"""Questions on a real terminal."""

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agent.configuring.terminal import Console

if sys.platform == "win32":
    pytest.skip("needs machine: a POSIX terminal", allow_module_level=True)

import pty
import termios

QUESTIONS: list[Callable[[str], str]] = [Console().ask, Console().ask_hidden]


class Screen(io.StringIO):
    """Standard output, which lets a person act as soon as a question is on it."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._person = threading.Thread(target=act)

    def flush(self) -> None:
        if self._person.ident is None:
            self._person.start()


@contextmanager
def main_thread_deaf() -> Iterator[None]:
    """Let signals reach other threads alone; Python acts on them in this one all the same."""
    over = threading.Event()
    ears = threading.Thread(target=over.wait)
    ears.start()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        over.set()
        ears.join()


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Make a terminal standard input, and return what a person types into."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        yield ours
    os.close(ours)


@pytest.mark.parametrize("ask", QUESTIONS)
def test_an_answer_is_what_was_typed_before_enter(
    ask: Callable[[str], str], keyboard: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen(lambda: os.write(keyboard, "Crème brûlée\n".encode()))
    monkeypatch.setattr("sys.stdout", screen)
    assert ask("Name: ") == "Crème brûlée"
    assert screen.getvalue().startswith("Name: ")


@pytest.mark.parametrize("ask", QUESTIONS)
def test_the_end_of_input_is_no_answer(
    ask: Callable[[str], str], keyboard: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", Screen(lambda: os.write(keyboard, b"\x04")))
    with pytest.raises(EOFError):
        ask("Name: ")


@pytest.mark.parametrize("ask", QUESTIONS)
def test_ctrl_c_just_before_the_wait_needs_no_second_one(
    ask: Callable[[str], str], keyboard: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread takes the signal, so that it ends no wait that has already begun."""
    screen = Screen(lambda: os.kill(os.getpid(), signal.SIGINT))
    monkeypatch.setattr("sys.stdout", screen)
    late = threading.Timer(20, os.write, (keyboard, b"too late\n"))
    late.start()
    try:
        with main_thread_deaf(), pytest.raises(KeyboardInterrupt):
            ask("Name: ")
        assert not late.finished.is_set()
    finally:
        late.cancel()
        late.join()
    assert screen.getvalue() == "Name: \n"
    assert termios.tcgetattr(sys.stdin)[3] & termios.ECHO
