"""A password on standard input, from a pipe or a file."""

import locale
import sys

from agent.errors import SettingsError

_UTF_8 = "utf-8-sig"
"""With a byte order mark or without: Windows' editors and PowerShell may put one in front."""


def piped_password() -> str:
    """Return the first line of standard input; "" if there is none.

    Its text is UTF-8 or, if it can't be that, in the system's own encoding. Python alone would take
    any text for the latter, which on Windows is hardly ever UTF-8. Raises SettingsError if it is
    neither.
    """
    if sys.stdin is None:  # a program without a console on Windows
        return ""
    line = sys.stdin.buffer.readline()
    for encoding in (_UTF_8, locale.getencoding()):
        try:
            return line.decode(encoding).rstrip("\r\n")
        except UnicodeDecodeError:
            continue
    raise SettingsError(
        "The password on standard input can't be read as text.", "Save its file as UTF-8."
    )
