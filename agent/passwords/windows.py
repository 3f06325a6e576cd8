"""Windows' own protection: DPAPI for what is in a file, icacls for who may open it."""

import sys
from dataclasses import dataclass
from pathlib import Path

from agent.passwords.ports import PasswordError
from agent.windows_accounts import SYSTEM, service_account
from agent.windows_programs import RunWindows

_SYSTEM, _ADMINISTRATORS = f"*{SYSTEM.sid}", "*S-1-5-32-544"
"""By number, as icacls takes it: the names are different in each language of Windows."""


def closing(file: Path, account: str | None, own: str) -> list[str]:
    """Return the arguments of icacls that name who may open a file, and take away what it inherits.

    `own` is the account that runs this program, `account` another that the file is for.
    """
    reader = account or own
    service = service_account(reader)
    trustee = f"*{service.sid}" if service is not None else reader
    rights = [f"{_SYSTEM}:F", f"{_ADMINISTRATORS}:F"]
    if trustee != _SYSTEM:
        # Its own file an account may also replace; a service only reads it.
        rights.append(f"{trustee}:{'R' if account else 'M'}")
    return [str(file), "/inheritance:r", "/grant:r", *rights]


@dataclass(frozen=True, slots=True)
class AclGuard:
    """Lets an account and administrators open a file, through icacls."""

    run: RunWindows
    own: str
    """The account that runs this program: `SHOP-PC\\anna`."""

    def close(self, file: Path, account: str | None) -> None:
        """Let nobody but `account` (None: this one) and administrators open a file; raises PasswordError."""
        done = self.run("icacls", closing(file, account, self.own))
        if done.exit_code:
            raise PasswordError(
                f"Windows can't restrict who may open {file} to {account or self.own} ({done.said}).",
                "Check the account's name (as in SHOP-PC\\anna), and run the command as an "
                "administrator. The password was not stored.",
            )
        if account is None:
            return
        # An owner could always give itself the right again.
        done = self.run("icacls", [str(file), "/setowner", _ADMINISTRATORS])
        if done.exit_code:
            raise PasswordError(
                f"Windows can't give {file} to the administrators ({done.said}).",
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

    from agent.windows_programs import run_windows

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
        return AclGuard(run_windows, name.value)
