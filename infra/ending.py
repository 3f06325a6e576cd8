"""How the operator's command lines end: errors become one sentence and an exit code."""

import io
import sys
from collections.abc import Callable

from infra.errors import ExitCode, OperatorError

STOPPED = 128 + 2
"""Exit code of a program that was stopped by Ctrl-C (signal 2)."""


def ended(command: Callable[[], int]) -> int:
    """Run a command; return its exit code, or that of the error that it raises."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A console or a pipe that lacks ✓ must not stop us.
            stream.reconfigure(errors="replace", line_buffering=True)
    try:
        return command()
    except OperatorError as error:
        say(f"Error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("Stopped. Run the same command again: it goes on where it stood.")
        return STOPPED
    except BrokenPipeError:
        return ExitCode.FAILED


def say(line: str) -> None:
    """Tell the operator what is being done: on standard error, beside the results."""
    sys.stderr.write(f"{line}\n")
