"""`python -m agent …`, installed as `shopmaster`."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from agent.errors import ExitCode


def run() -> NoReturn:
    """Run the command and end the process with its exit code."""
    try:
        # Imported late: Ctrl-C may come while everything is loaded, too.
        from agent.command_line.main import main  # noqa: PLC0415

        exit_code = main()
    except KeyboardInterrupt:
        exit_code = ExitCode.STOPPED
        with suppress(OSError):
            print("Stopped.", file=sys.stderr)
    from agent.interruptible import is_left_behind  # noqa: PLC0415  as above

    if is_left_behind():
        # A thread in a driver's code would keep the process, or crash it when Python is taken down.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, AttributeError):  # its reader has gone, or it never was there
                stream.flush()
        os._exit(exit_code)
    sys.exit(exit_code)


if __name__ == "__main__":
    run()
