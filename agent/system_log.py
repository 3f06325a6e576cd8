"""Writes a line to the system's own log: Windows' event log, or the journal. It never raises."""

import logging
import logging.handlers
import sys
from contextlib import suppress
from pathlib import Path

SOURCE = "shopMaster"
_LONGEST = 8_000  # characters
_JOURNAL = Path("/dev/log")


def write_to_system(text: str, is_failure: bool) -> None:
    """Write one line, as an error if it is a failure; if there is no such log, do nothing."""
    line = " ".join(text.split())[:_LONGEST]
    with suppress(OSError, ValueError):
        _write(line, is_failure=is_failure)


class _Journal(logging.handlers.SysLogHandler):
    """The system's log, which is the journal where there is systemd; it never complains."""

    ident = "shopmaster: "

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Leave the record out."""


def write_to_journal(line: str, *, is_failure: bool, socket: Path = _JOURNAL) -> None:
    """Write a line to the socket of the system's log; raises OSError if there is none."""
    if not socket.exists():
        return
    level = logging.ERROR if is_failure else logging.INFO
    journal = _Journal(str(socket), logging.handlers.SysLogHandler.LOG_DAEMON)
    try:
        journal.handle(logging.LogRecord(SOURCE, level, "", 0, "%s", (line,), None))
    finally:
        journal.close()


if sys.platform == "win32":
    import ctypes
    import winreg

    _ERROR, _INFORMATION = 1, 4
    _EVENT = 1
    _KEY = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{SOURCE}"
    # Windows' own file of messages, in which number 1 to 1000 are the bare text.
    _MESSAGES = r"%SystemRoot%\System32\EventCreate.exe"

    def _write(line: str, *, is_failure: bool) -> None:
        library = ctypes.WinDLL("advapi32", use_last_error=True)
        library.RegisterEventSourceW.restype = ctypes.c_void_p
        library.RegisterEventSourceW.argtypes = [ctypes.c_wchar_p, ctypes.c_wchar_p]
        library.DeregisterEventSource.argtypes = [ctypes.c_void_p]
        library.ReportEventW.argtypes = [
            *(ctypes.c_void_p, ctypes.c_ushort, ctypes.c_ushort, ctypes.c_ulong, ctypes.c_void_p),
            *(ctypes.c_ushort, ctypes.c_ulong, ctypes.POINTER(ctypes.c_wchar_p), ctypes.c_void_p),
        ]
        handle = library.RegisterEventSourceW(None, SOURCE)
        if not handle:
            return
        try:
            kind = _ERROR if is_failure else _INFORMATION
            texts = (ctypes.c_wchar_p * 1)(line)
            library.ReportEventW(handle, kind, 0, _EVENT, None, 1, 0, texts, None)
        finally:
            library.DeregisterEventSource(handle)

    def register_source() -> None:
        """Tell the event log how to show our lines, as far as this account may."""
        with suppress(OSError), winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, _KEY) as key:
            winreg.SetValueEx(key, "EventMessageFile", 0, winreg.REG_EXPAND_SZ, _MESSAGES)
            winreg.SetValueEx(key, "TypesSupported", 0, winreg.REG_DWORD, 7)
            winreg.SetValueEx(key, "CustomSource", 0, winreg.REG_DWORD, 1)
else:

    def _write(line: str, *, is_failure: bool) -> None:
        write_to_journal(line, is_failure=is_failure)

    def register_source() -> None:
        """Do nothing: the journal needs no introduction."""
