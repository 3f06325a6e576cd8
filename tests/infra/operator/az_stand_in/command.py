"""What a command of the stand-in is, and how one fails."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[4]
STATE = "AZ_STAND_IN_STATE"
"""The environment variable that names the file with the state."""

FLAG, ONE, MANY = 0, 1, 2
"""How many values an option takes."""

State = dict[str, Any]
Options = dict[str, list[str]]
Answer = Any


class Command(NamedTuple):
    """One command: its options, and what it does."""

    run: Callable[[State, Options], Answer]
    options: dict[str, int]
    knows_subscription: bool = True


class RefusedError(Exception):
    """The command fails; the message is what it says."""


def wrong(message: str) -> NoReturn:
    """Refuse a command line, as `az` does."""
    sys.stderr.write(f"ERROR: {message}\n")
    raise SystemExit(2)


def file_of(options: Options, name: str) -> str:
    """Return the content of the file that an option names with an @."""
    value = options[name][0]
    if not value.startswith("@"):
        wrong(f"{name} must be @FILE")
    return Path(value[1:]).read_text(encoding="utf-8")
