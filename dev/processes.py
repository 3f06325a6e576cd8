"""Starts a server as a child process, waits until it is ready, and never leaves it behind."""

import contextlib
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_NEW_GROUP = 0x0000_0200  # Windows' CREATE_NEW_PROCESS_GROUP


class ProcessError(Exception):
    """A process ended on its own or was not ready in time.

    The message names the process and shows its last output.
    """


class Server:
    """A child process that prints a line when it is ready.

    It has its own session, so Ctrl-C reaches it only through its parent. It is expected to end when
    its standard input closes, which happens however the parent dies, on Linux and Windows alike.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str | Path],
        *,
        ready: str = "ready",
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
        keep_stderr: bool = True,
    ) -> None:
        """Start the process.

        `ready` is the pattern of the line to wait for on its standard output; `on_line` gets every
        other line. With `keep_stderr` its standard error is read and kept like its standard output;
        otherwise it is shown.
        """
        self.name = name
        self.lines: deque[str] = deque(maxlen=10_000)
        self._ready, self._on_line = re.compile(ready), on_line
        self._keeps_stderr = keep_stderr
        self._is_ready, self._has_ended = False, threading.Event()
        self._process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if keep_stderr else None,
            env=None if environment is None else dict(environment),
            cwd=directory,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=sys.platform != "win32",
            creationflags=_NEW_GROUP if sys.platform == "win32" else 0,
        )
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018  for mypy
        self._input, self._output = self._process.stdin, self._process.stdout
        self._reader = threading.Thread(target=self._read, name=f"{name} output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, or None while the process runs."""
        return self._process.poll()

    @property
    def output(self) -> str:
        """What the process has printed so far."""
        return "\n".join(self.lines.copy())

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Return once the process is ready.

        Raise ProcessError if it ends first, or is not ready in time.
        """
        wait_for(lambda: self._is_ready or self._has_ended.is_set(), seconds)
        if self._is_ready:
            return
        if self._has_ended.is_set():
            raise ProcessError(
                f"{self.name} ended before it was ready. {self._last_words()}".strip()
            )
        raise ProcessError(
            f"{self.name} was not ready within {seconds:g} s. {self._last_words()}".strip()
        )

    def wait(self, seconds: float) -> int:
        """Return the exit status once the process has ended.

        Raise ProcessError if it has not ended in time.
        """
        if not wait_for(lambda: self.status is not None, seconds):
            raise ProcessError(f"{self.name} did not end within {seconds:g} s.")
        return self._bury()

    def stop(self, seconds: float = 20) -> int:
        """End the process gracefully, or by force after `seconds`; return the exit status."""
        self._close_input()
        if not wait_for(lambda: self.status is not None, seconds):
            self._process.kill()
        return self._bury()

    def terminate(self) -> None:
        """Ask the process to end as the system would, by SIGTERM (on Windows it ends at once)."""
        self._process.terminate()

    def kill(self) -> int:
        """End the process at once, as a crash would; return the exit status."""
        self._process.kill()
        return self._bury()

    def _bury(self) -> int:
        status = self._process.wait()
        self._close_input()
        self._reader.join(2)  # its children may keep the output open longer, which is fine
        return status

    def _close_input(self) -> None:
        with contextlib.suppress(OSError):
            self._input.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read(self) -> None:
        with self._output as output:
            for line in output:
                text = line.rstrip("\n")
                self.lines.append(text)
                if not self._is_ready and self._ready.fullmatch(text):
                    self._is_ready = True
                elif self._on_line is not None:
                    self._on_line(text)
        self._has_ended.set()

    def _last_words(self) -> str:
        shown = "\n".join(list(self.lines.copy())[-15:]).strip()
        return f"Its last output:\n{shown}" if shown and self._keeps_stderr else ""


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition, and return whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
