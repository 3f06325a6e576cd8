"""Windows' own accounts are known however somebody writes them, and nobody else's is taken for one."""

import pytest

from agent.windows_accounts import (
    LOCAL_SERVICE,
    NETWORK_SERVICE,
    SYSTEM,
    ServiceAccount,
    full_name,
    service_account,
)


@pytest.mark.parametrize(
    ("name", "account"),
    [
        (r"NT AUTHORITY\NETWORK SERVICE", NETWORK_SERVICE),
        ("network service", NETWORK_SERVICE),
        (r"nt authority\NetworkService", NETWORK_SERVICE),
        ("NETWORK_SERVICE", NETWORK_SERVICE),
        ("LOCAL SERVICE", LOCAL_SERVICE),
        ("SYSTEM", SYSTEM),
        ("S-1-5-20", NETWORK_SERVICE),
        (r"SHOP-PC\till", None),
        (r"SHOP-PC\system", None),
        ("till@shop.invalid", None),
        ("", None),
    ],
)
def test_windows_own_accounts_are_known_by_their_names(
    name: str, account: ServiceAccount | None
) -> None:
    assert service_account(name) == account


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("Network Service", r"NT AUTHORITY\NETWORK SERVICE"),
        ("s-1-5-18", r"NT AUTHORITY\SYSTEM"),
        (r"SHOP-PC\till", r"SHOP-PC\till"),
    ],
)
def test_only_an_account_of_windows_own_is_renamed(name: str, full: str) -> None:
    assert full_name(name) == full
