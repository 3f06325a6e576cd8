"""Turns whatever a command raises into a message and an exit code, never a bare traceback."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agent.command_line.redaction import Redaction
from agent.errors import AgentError, ExitCode, StoppedError

STOPPED = 128 + 2
"""Exit code of a program that was stopped by Ctrl-C (signal 2)."""


@dataclass(slots=True)
class Ending:
    """How a command ends."""

    exit_code: int = ExitCode.FAILED
    """Set by the command, or by the error that it raises."""


@contextmanager
def reported(redaction: Redaction, *, verbose: bool) -> Iterator[Ending]:
    """Run a command in the block; what it raises is printed on standard error and sets the exit code."""
    ending = Ending()
    try:
        yield ending
    except KeyboardInterrupt:
        ending.exit_code = STOPPED
        _tell("Stopped. Nothing was uploaded.")
    except StoppedError as stopped:
        ending.exit_code = STOPPED
        _tell(str(stopped))
    except AgentError as error:
        ending.exit_code = error.exit_code
        _tell(f"Error: {redaction.hide(str(error))}")
        if verbose and error.__cause__ is not None:
            _tell(f"Cause: {redaction.hide(repr(error.__cause__))}")
    except BrokenPipeError:
        ending.exit_code = ExitCode.FAILED
        # The reader of our output has gone; Python's flush at exit must not fail because of that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # noqa: BLE001  the last resort
        ending.exit_code = ExitCode.FAILED
        _tell(redaction.hide(_unexpected(error, verbose)))


def _unexpected(error: Exception, verbose: bool) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else ""
    what = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    if verbose:
        return f"{traceback.format_exc()}\nError: something unexpected happened ({what})."
    return (
        f"Error: something unexpected happened ({what}). Run the command again with --verbose and "
        "send what it prints to your operator."
    )


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
