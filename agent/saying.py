"""Says something to whoever runs a command: on a terminal in lines that end between words."""

import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TextIO

_WIDEST = 80
_COMMAND = re.compile(r"`[^`]+`|(?<=: )shopmaster .+$")
_GLUE = "\0"  # a space that must not become the end of a line


def say(*texts: str, to: TextIO | None = None) -> None:
    """Print texts, a line or more each, on standard output or on another stream.

    A file or a pipe gets each line whole.
    """
    stream = sys.stdout if to is None else to
    text = "\n".join(texts)
    if stream.isatty():
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        text = "\n".join(_fitted(line, width) for line in text.split("\n"))
    print(text, file=stream, flush=True)


def wrapped(text: str, width: int, first: str = "", more: str = "") -> Iterator[str]:
    """Yield a line's pieces, the first of which begins with `first`, the others with `more`.

    Long paths, and commands in backticks or at the end, stay whole so that they can be copied.
    """
    for piece in textwrap.wrap(
        _COMMAND.sub(lambda found: found[0].replace(" ", _GLUE), text),
        width,
        initial_indent=first,
        subsequent_indent=more,
        break_long_words=False,
        break_on_hyphens=False,
    ):
        yield piece.replace(_GLUE, " ")


def _fitted(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    hangs = bool(indent) or text.startswith("- ")
    return "\n".join(wrapped(text, width, indent, f"{indent}  " if hangs else ""))
