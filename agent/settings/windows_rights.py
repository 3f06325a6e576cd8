"""Who may read or change a file on Windows, by its owner and rights in Microsoft's text form (SDDL)."""

import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_ENTRY = re.compile(r"\(([^)]*)\)")
_EVERYBODY = {
    *("WD", "S-1-1-0"),  # everyone
    *("AU", "S-1-5-11"),  # whoever is signed in
    *("IU", "S-1-5-4"),  # whoever sits at this computer
    *("BU", "S-1-5-32-545"),  # the group Users
    *("BG", "S-1-5-32-546"),  # the group Guests
}
_TRUSTED = {
    *("SY", "S-1-5-18"),  # Windows itself
    *("BA", "S-1-5-32-544"),  # administrators
    *("LA", "DA", "EA"),  # the account Administrator, and administrators of the domain
    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",  # TrustedInstaller
}


class _Rights(NamedTuple):
    """Rights of which one is enough, in the two ways of writing them."""

    words: set[str]
    bits: int


# File read data, generic all, generic read.
_READING = _Rights({"FA", "FR", "GA", "GR", "CC"}, 0x0000_0001 | 0x1000_0000 | 0x8000_0000)
# Delete what is in a folder, delete it, write its rights and its owner, generic all.
_REPLACING = _Rights({"FA", "GA", "DT", "SD", "WD", "WO"}, 0x0000_0040 | 0x000D_0000 | 0x1000_0000)
# The same, and write and append data, generic write.
_CHANGING = _Rights(
    {*_REPLACING.words, "FW", "GW", "DC", "LC"}, _REPLACING.bits | 0x0000_0006 | 0x4000_0000
)


def everybody_may_read(sddl: str) -> bool:
    """Return whether this computer's other users may read a file with this list.

    Microsoft's documentation calls the form “Security Descriptor String Format”. Only entries that
    allow something count: what an entry forbids is rarely used, and a warning too many does no harm.
    """
    return _is_open(sddl) or any(
        who in _EVERYBODY and _includes(rights, _READING) for who, rights in _allowed(sddl)
    )


def others_may_change(sddl: str) -> bool:
    """Return whether anybody but administrators and Windows may change the file with this list."""
    return _others_have(_CHANGING, sddl)


def others_may_replace(sddl: str) -> bool:
    """Return whether anybody but administrators and Windows may replace what is in the folder with this list.

    In a folder that Windows has not closed, everybody may make files, which changes no other one.
    """
    return _others_have(_REPLACING, sddl)


def _others_have(wanted: _Rights, sddl: str) -> bool:
    """Return whether others have a right, or own the file and so may always give it to themselves."""
    owner = re.match(r"O:(S-[0-9-]+|[A-Z]{2})", sddl)
    return (
        (owner is not None and owner[1] not in _TRUSTED)
        or _is_open(sddl)
        or any(who not in _TRUSTED and _includes(rights, wanted) for who, rights in _allowed(sddl))
    )


def _is_open(sddl: str) -> bool:
    """Return whether there is no list, so that everybody may do everything."""
    return "NO_ACCESS_CONTROL" in sddl


def _allowed(sddl: str) -> Iterator[tuple[str, str]]:
    """Yield who is allowed something, and what; nothing if the list is not known."""
    for entry in _ENTRY.findall(sddl.partition("D:")[2].partition("S:")[0]):
        parts = entry.split(";")
        is_for_new_files = len(parts) > 1 and "IO" in re.findall("..", parts[1])
        if len(parts) >= 6 and parts[0] == "A" and not is_for_new_files:
            yield parts[5], parts[2]


def _includes(rights: str, wanted: _Rights) -> bool:
    if rights.startswith("0x"):
        return bool(int(rights, 16) & wanted.bits)
    return not wanted.words.isdisjoint(re.findall("..", rights))


def sddl_of(file: Path) -> str:
    """Return a file's owner and rights in that form; empty if they can't be had, as on other systems."""
    if sys.platform == "win32":
        with suppress(OSError):
            return _read_sddl(str(file))
    return ""


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _FILE, _OWNER_AND_DACL, _REVISION = 1, 1 | 4, 1

    def _read_sddl(file: str) -> str:
        """Ask Windows; raises OSError."""
        advapi = ctypes.WinDLL("advapi32", use_last_error=True)
        descriptor, text = ctypes.c_void_p(), wintypes.LPWSTR()
        failure = advapi.GetNamedSecurityInfoW(
            file, _FILE, _OWNER_AND_DACL, None, None, None, None, ctypes.byref(descriptor)
        )
        if failure:
            raise ctypes.WinError(failure)
        try:
            if not advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor, _REVISION, _OWNER_AND_DACL, ctypes.byref(text), None
            ):
                raise ctypes.WinError(ctypes.get_last_error())
            found = text.value or ""
            ctypes.windll.kernel32.LocalFree(text)
            return found
        finally:
            ctypes.windll.kernel32.LocalFree(descriptor)
