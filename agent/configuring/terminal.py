"""Asks a person questions on a terminal, and offers what was found."""

import getpass
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from agent.saying import say
from agent.showing import shown

_MOST = 9
_OTHER = "or type another"
_SECONDS_A_LOOK = 0.2


class Terminal(Protocol):
    """Where a person reads and answers. Each question raises EOFError if there is nobody any more."""

    def say(self, text: str = "") -> None:
        """Show text."""

    def ask(self, question: str) -> str:
        """Return what the person types, without spaces around it; may be empty."""

    def ask_hidden(self, question: str) -> str:
        """Return the same, without showing what is typed."""


def has_terminal() -> bool:
    """Return whether somebody can be asked: on Windows, an input from nowhere (NUL) calls itself a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


class Console:
    """The terminal that the program was started on."""

    def say(self, text: str = "") -> None:
        """Show text, each line of which is a paragraph, or one of a table if it is indented."""
        say(text)

    def ask(self, question: str) -> str:
        """Return what the person types, without spaces around it; may be empty."""
        return _answered(_read, question).strip()

    def ask_hidden(self, question: str) -> str:
        """Return the same, without showing what is typed; spaces may belong to a password."""
        return _answered(_read_hidden, question)


def _answered(read: Callable[[str], str], question: str) -> str:
    try:
        return read(question)
    except (KeyboardInterrupt, EOFError):
        say()  # what comes next doesn't stand behind the question
        raise


if sys.platform == "win32":
    _read, _read_hidden = input, getpass.getpass
else:
    import select
    import termios

    def _read(question: str) -> str:
        """Do the same as `input`, which needs a second Ctrl-C if the first comes just before it waits."""
        print(question, end="", flush=True)
        while not select.select([sys.stdin], [], [], _SECONDS_A_LOOK)[0]:
            pass  # between two looks, Python acts on a signal
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")

    def _read_hidden(question: str) -> str:
        """Do the same as `getpass`, without its deaf moment."""
        before = termios.tcgetattr(sys.stdin)
        silent = [*before]
        silent[3] &= ~termios.ECHO
        try:
            termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, silent)
            typed = _read(question)
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
        say()
        return typed


def ask_for(terminal: Terminal, question: str, default: str | None = None) -> str:
    """Return an answer, or the default for an empty one; ask again if there is none."""
    offered = f" [{shown(default)}]" if default else ""
    while True:
        answer = terminal.ask(f"{question}{offered}: ") or default
        if answer:
            return answer


def choose(
    terminal: Terminal, question: str, found: Sequence[str], default: str | None = None
) -> str:
    """Return one of what was found, chosen by its number, or whatever else the person types.

    The default is the first of what was found, if none is given.
    """
    default = default or (found[0] if found else None)
    offered = list(found[:_MOST])
    for number, name in enumerate(offered, 1):
        terminal.say(f"  {number}. {shown(name)}")
    if len(found) > _MOST:
        terminal.say(f"  … and {len(found) - _MOST:,} more")
    what = f"{question} (a number, {_OTHER})" if offered else question
    answer = ask_for(terminal, what, default)
    if answer.isdecimal() and 1 <= int(answer) <= len(offered):
        return offered[int(answer) - 1]
    return answer


def pick(
    terminal: Terminal, question: str, offered: Mapping[str, str], before: str | None = None
) -> str:
    """Return the key of what the person picks by its number, or by typing the key; there is nothing else.

    `before` is the key that is taken if nothing is typed, else the first.
    """
    keys = list(offered)
    for number, text in enumerate(offered.values(), 1):
        terminal.say(f"  {number}. {text}")
    default = keys.index(before) if before is not None and before in offered else 0
    while True:
        answer = ask_for(terminal, f"{question} (a number)", str(default + 1))
        if answer in offered:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(keys):
            return keys[int(answer) - 1]
        terminal.say(f"✗ It must be a number from 1 to {len(keys)}.")


def confirm(terminal: Terminal, question: str, *, default: bool) -> bool:
    """Return whether the person agrees."""
    marks = "[Y/n]" if default else "[y/N]"
    while True:
        answer = terminal.ask(f"{question} {marks} ").casefold()
        if not answer:
            return default
        if answer in {"y", "yes", "n", "no"}:
            return answer[0] == "y"
