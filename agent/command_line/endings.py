"""Turns whatever a command raises into a message and an exit code, never a bare traceback."""

import errno
import io
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from typing import Any, TextIO, cast

from agent.command_line.redaction import Redaction
from agent.errors import AgentError, ExitCode, StoppedError
from agent.saying import say


@dataclass(slots=True)
class Ending:
    """How a command ends."""

    exit_code: int = ExitCode.FAILED
    """Set by the command, or by the error that it raises."""

    message: str = ""
    """What the user read of the error that it raised, without secrets; empty if it raised none."""


@contextmanager
def reported(redaction: Redaction, *, verbose: bool) -> Iterator[Ending]:
    """Run a command in the block; what it raises is printed on standard error and sets the exit code.

    It ends without a word if the reader of its output has gone.
    """
    with redirect_stdout(_watched(sys.stdout)), redirect_stderr(_watched(sys.stderr)):
        with _told(redaction, verbose) as ending:
            yield ending
        with suppress(OSError, _ReaderGoneError):
            sys.stderr.flush()  # logging may have left something there that has no reader


@contextmanager
def _told(redaction: Redaction, verbose: bool) -> Iterator[Ending]:
    ending = Ending()
    try:
        yield ending
    except KeyboardInterrupt:
        ending.exit_code = ExitCode.STOPPED
        ending.message = "Stopped. Nothing was uploaded."
        _tell(ending.message)
    except StoppedError as stopped:
        ending.exit_code = stopped.exit_code
        ending.message = redaction.hide(str(stopped))
        _tell(ending.message)
    except AgentError as error:
        ending.exit_code = error.exit_code
        ending.message = redaction.hide(str(error))
        _tell(f"Error: {ending.message}")
        if verbose and error.__cause__ is not None:
            _tell(f"Cause: {redaction.hide(repr(error.__cause__))}")
    except _ReaderGoneError:
        ending.exit_code = ExitCode.FAILED
    except Exception as error:  # noqa: BLE001  the last resort
        ending.exit_code = ExitCode.FAILED
        ending.message = redaction.hide(_unexpected(error, verbose))
        _tell(ending.message)


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
    with suppress(OSError, _ReaderGoneError):
        say(text, to=sys.stderr)


class _ReaderGoneError(Exception):
    """Nobody reads our output any more; not an OSError, which would seem to be about a file."""


class _Watched:
    """Standard output or error, which tells a reader that has gone from every other failure."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._watching():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._watching():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # Windows reports a broken pipe as EINVAL.
            if error.errno not in (errno.EPIPE, errno.EINVAL):
                raise
            # What is still buffered goes nowhere, or Python's flush at exit would fail too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            raise _ReaderGoneError from error


def _watched(stream: TextIO | None) -> TextIO:
    """Watch a standard stream; a process that was started without it gets one that nobody reads."""
    return cast("TextIO", _Watched(stream or io.StringIO()))
