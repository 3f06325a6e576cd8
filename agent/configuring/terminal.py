"""Asks a person questions on a terminal, and offers what was found."""

import getpass
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Protocol

from agent.showing import shown

_MOST = 9
_WIDEST = 80
_OTHER = "or type another"


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
        # In a log, a line stays one.
        is_shown = sys.stdout.isatty()
        width = min(shutil.get_terminal_size().columns, _WIDEST) if is_shown else sys.maxsize
        print("\n".join(_wrapped(line, width) for line in text.split("\n")), flush=True)

    def ask(self, question: str) -> str:
        """Return what the person types, without spaces around it; may be empty."""
        return input(question).strip()

    def ask_hidden(self, question: str) -> str:
        """Return the same, without showing what is typed; spaces may belong to a password."""
        return getpass.getpass(question)


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


def confirm(terminal: Terminal, question: str, *, default: bool) -> bool:
    """Return whether the person agrees."""
    marks = "[Y/n]" if default else "[y/N]"
    while True:
        answer = terminal.ask(f"{question} {marks} ").casefold()
        if not answer:
            return default
        if answer in {"y", "yes", "n", "no"}:
            return answer[0] == "y"


def _wrapped(line: str, width: int) -> str:
    if len(line) <= width or line.startswith("  "):
        return line
    return textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
