"""Who may read a file on Windows, by its access control list in Microsoft's text form (SDDL)."""

import re
import sys
from contextlib import suppress
from pathlib import Path

_ENTRY = re.compile(r"\(([^)]*)\)")
_EVERYBODY = {
    *("WD", "S-1-1-0"),  # everyone
    *("AU", "S-1-5-11"),  # whoever is signed in
    *("IU", "S-1-5-4"),  # whoever sits at this computer
    *("BU", "S-1-5-32-545"),  # the group Users
    *("BG", "S-1-5-32-546"),  # the group Guests
}
_READING_WORDS = {"FA", "FR", "GA", "GR", "CC"}
_READING_BITS = 0x0000_0001 | 0x1000_0000 | 0x8000_0000  # file read data, generic all, generic read


def everybody_may_read(sddl: str) -> bool:
    """Return whether this computer's other users may read a file with this list.

    Microsoft's documentation calls the form “Security Descriptor String Format”. Only entries that
    allow something count: what an entry forbids is rarely used, and a warning too many does no harm.
    """
    _, found, entries = sddl.partition("D:")
    if not found:
        return False  # the list is not known
    if "NO_ACCESS_CONTROL" in entries:
        return True
    return any(map(_lets_everybody_read, _ENTRY.findall(entries.partition("S:")[0])))


def _lets_everybody_read(entry: str) -> bool:
    parts = entry.split(";")
    if len(parts) < 6 or parts[0] != "A" or "IO" in re.findall("..", parts[1]):  # IO: for new files
        return False
    return parts[5] in _EVERYBODY and _reads(parts[2])


def _reads(rights: str) -> bool:
    if rights.startswith("0x"):
        return bool(int(rights, 16) & _READING_BITS)
    return not _READING_WORDS.isdisjoint(re.findall("..", rights))


def sddl_of(file: Path) -> str:
    """Return a file's access control list in that form; empty if it can't be had, as on other systems."""
    if sys.platform == "win32":
        with suppress(OSError):
            return _read_sddl(str(file))
    return ""


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _FILE, _DACL, _REVISION = 1, 4, 1

    def _read_sddl(file: str) -> str:
        """Ask Windows; raises OSError."""
        advapi = ctypes.WinDLL("advapi32", use_last_error=True)
        descriptor, text = ctypes.c_void_p(), wintypes.LPWSTR()
        failure = advapi.GetNamedSecurityInfoW(
            file, _FILE, _DACL, None, None, None, None, ctypes.byref(descriptor)
        )
        if failure:
            raise ctypes.WinError(failure)
        try:
            if not advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor, _REVISION, _DACL, ctypes.byref(text), None
            ):
                raise ctypes.WinError(ctypes.get_last_error())
            found = text.value or ""
            ctypes.windll.kernel32.LocalFree(text)
            return found
        finally:
            ctypes.windll.kernel32.LocalFree(descriptor)
