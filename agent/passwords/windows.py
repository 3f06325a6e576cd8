"""Windows' own protection: DPAPI for what is in a file, icacls for who may open it."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.passwords.ports import PasswordError

NETWORK_SERVICE = r"NT AUTHORITY\NETWORK SERVICE"
"""The account that a scheduled upload runs as by default."""

_SYSTEM, _ADMINISTRATORS = "*S-1-5-18", "*S-1-5-32-544"
_AUTHORITY = "NT AUTHORITY\\"
# By number: the names are different in each language of Windows.
_SERVICES = {
    NETWORK_SERVICE: "*S-1-5-20",
    r"NT AUTHORITY\LOCAL SERVICE": "*S-1-5-19",
    r"NT AUTHORITY\SYSTEM": _SYSTEM,
}


def full_name(account: str) -> str:
    """Return an account's name with its authority, if it is one of Windows' own: `Network Service` is."""
    bare = account.upper().removeprefix(_AUTHORITY).replace(" ", "")
    known = (name for name in _SERVICES if name.removeprefix(_AUTHORITY).replace(" ", "") == bare)
    return next(known, account)


def icacls_arguments(file: Path, account: str | None, own: str) -> tuple[list[str], list[str]]:
    """Return the arguments of the two calls of icacls that close a file.

    The first takes away what it inherits and names who may open it, the second who owns it: an owner
    could always give itself the right again.
    """
    reader = account or own
    trustee = _SERVICES.get(full_name(reader), reader)
    rights = [f"{_SYSTEM}:F", f"{_ADMINISTRATORS}:F"]
    if trustee != _SYSTEM:
        # Its own file an account may also replace; a service only reads it.
        rights.append(f"{trustee}:{'R' if account else 'M'}")
    closing = [str(file), "/inheritance:r", "/grant:r", *rights]
    return closing, [str(file), "/setowner", _ADMINISTRATORS if account else reader]


Run = Callable[[Sequence[str]], int]
"""Runs icacls with these arguments, and returns its exit code."""


@dataclass(frozen=True, slots=True)
class AclGuard:
    """Lets an account and administrators open a file, through icacls."""

    run: Run
    own: str
    """The account that runs this program: `SHOP-PC\\anna`."""

    def close(self, file: Path, account: str | None) -> None:
        """Let nobody but `account` (None: this one) and administrators open a file; raises PasswordError."""
        closing, owning = icacls_arguments(file, account, self.own)
        if self.run(closing) != 0:
            raise PasswordError(
                f"Windows can't restrict who may open {file} to {account or self.own}.",
                "Check the account's name (as in SHOP-PC\\anna), and run the command as an "
                "administrator. The password was not stored.",
            )
        if account is not None and self.run(owning) != 0:
            raise PasswordError(
                f"Windows can't give {file} to the administrators.",
                "Run the command as an administrator. The password was not stored.",
            )

    def check(self, file: Path) -> None:
        """Leave it: what the file contains is of no use to another computer, and `close` has closed it."""

    def readers(self, file: Path, account: str | None) -> str:  # noqa: ARG002  as its protocol says
        """Return who may open it, in words."""
        return f"{account or self.own} and administrators"


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _UI_FORBIDDEN, _LOCAL_MACHINE = 0x1, 0x4
    _SAM_COMPATIBLE = 2  # as in SHOP-PC\\anna

    class _Blob(ctypes.Structure):
        _fields_ = (("size", wintypes.DWORD), ("data", ctypes.POINTER(ctypes.c_char)))

    class MachineSeal:
        """DPAPI with the computer's key: any account of this computer can unseal, no other computer can."""

        def seal(self, data: bytes) -> bytes:
            """Return the data sealed; raises OSError."""
            return self._call("CryptProtectData", data, _UI_FORBIDDEN | _LOCAL_MACHINE)

        def unseal(self, data: bytes) -> bytes:
            """Return what was sealed on this computer; raises OSError."""
            return self._call("CryptUnprotectData", data, _UI_FORBIDDEN)

        def _call(self, function: str, data: bytes, flags: int) -> bytes:
            given = _Blob(len(data), ctypes.create_string_buffer(data, len(data)))
            made = _Blob()
            library = ctypes.WinDLL("crypt32", use_last_error=True)
            done = getattr(library, function)(
                ctypes.byref(given), None, None, None, None, flags, ctypes.byref(made)
            )
            if not done:
                raise ctypes.WinError(ctypes.get_last_error())
            try:
                return ctypes.string_at(made.data, made.size)
            finally:
                ctypes.windll.kernel32.LocalFree(made.data)

    def this_guard() -> AclGuard:
        """Return the guard of this computer."""
        name = ctypes.create_unicode_buffer(512)
        size = wintypes.ULONG(len(name))
        library = ctypes.WinDLL("secur32", use_last_error=True)
        if not library.GetUserNameExW(_SAM_COMPATIBLE, name, ctypes.byref(size)):
            raise ctypes.WinError(ctypes.get_last_error())
        return AclGuard(_icacls, name.value)

    def _icacls(arguments: Sequence[str]) -> int:
        folder = ctypes.create_unicode_buffer(260)
        ctypes.windll.kernel32.GetSystemDirectoryW(folder, len(folder))
        program = Path(folder.value) / "icacls.exe"  # never one of that name from another folder
        return subprocess.run([program, *arguments], capture_output=True, check=False).returncode  # noqa: S603
