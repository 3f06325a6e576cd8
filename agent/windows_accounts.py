"""The accounts of Windows' own, which services and scheduled tasks run as without a password."""

from dataclasses import dataclass

_AUTHORITY = "NT AUTHORITY"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An account of Windows itself, which has no password."""

    name: str
    sid: str
    """Its security identifier, which is the same in every language of Windows."""


NETWORK_SERVICE = ServiceAccount(rf"{_AUTHORITY}\NETWORK SERVICE", "S-1-5-20")
"""The account that a scheduled upload runs as by default."""

LOCAL_SERVICE = ServiceAccount(rf"{_AUTHORITY}\LOCAL SERVICE", "S-1-5-19")
SYSTEM = ServiceAccount(rf"{_AUTHORITY}\SYSTEM", "S-1-5-18")


def service_account(name: str) -> ServiceAccount | None:
    """Return the account of Windows' own that `name` means, or None if it is anybody else's.

    It may be written with or without `NT AUTHORITY`, with or without the space, or as its SID.
    """
    authority, _, bare = name.strip().upper().rpartition("\\")
    if authority not in {"", _AUTHORITY}:
        return None
    accounts = (NETWORK_SERVICE, LOCAL_SERVICE, SYSTEM)
    return next((each for each in accounts if _plain(bare) in (_plain(each.name), each.sid)), None)


def full_name(name: str) -> str:
    """Return an account's name with its authority, if it is one of Windows' own: `Network Service` is."""
    known = service_account(name)
    return known.name if known is not None else name


def _plain(name: str) -> str:
    return name.rpartition("\\")[2].replace(" ", "").replace("_", "")
