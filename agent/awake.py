"""Keeps the computer from going to sleep while an upload is at work; its screen may go dark."""

import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

logger = logging.getLogger(__name__)

_GRACE = 5.0  # seconds that the helper gets to end


if sys.platform == "win32":
    import ctypes

    _CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x00000001

    @contextmanager
    def awake() -> Iterator[None]:
        """Let this computer not go to sleep by itself during the block, if that can be arranged."""
        # For the calling thread, until it says otherwise or ends.
        if not ctypes.windll.kernel32.SetThreadExecutionState(_CONTINUOUS | _SYSTEM_REQUIRED):
            logger.debug("Windows can't be kept awake")
        try:
            yield
        finally:
            ctypes.windll.kernel32.SetThreadExecutionState(_CONTINUOUS)
else:

    @contextmanager
    def awake() -> Iterator[None]:
        """Let this computer not go to sleep by itself during the block, if that can be arranged."""
        program = shutil.which("systemd-inhibit")
        if program is None:
            logger.debug("there is no systemd-inhibit: this computer isn't kept awake")
            yield
            return
        # The executable sets LD_LIBRARY_PATH for its own libraries, which are not those of other programs.
        # `cat` ends with this process, however that ends: nobody holds the other end of its pipe then.
        inhibit = [program, "--what=sleep:idle", "--who=shopmaster", "--why=uploading", "cat"]
        command = ["env", "-u", "LD_LIBRARY_PATH", *inhibit]
        try:
            helper = subprocess.Popen(  # noqa: S603  nothing of it comes from outside
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # it must not ask for a password on our terminal
            )
        except OSError as error:
            logger.debug("systemd-inhibit doesn't start: %s", error)
            yield
            return
        try:
            yield
        finally:
            _end(helper)

    def _end(helper: "subprocess.Popen[bytes]") -> None:
        with suppress(OSError, subprocess.TimeoutExpired):
            helper.communicate(timeout=_GRACE)
        if helper.poll() is None:
            helper.kill()
            helper.wait()
        if helper.returncode:
            logger.debug("systemd-inhibit ended with %d", helper.returncode)
