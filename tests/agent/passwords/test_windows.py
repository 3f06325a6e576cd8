"""What is handed to icacls closes a file to everybody but one account and administrators."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.passwords.ports import PasswordError
from agent.passwords.windows import NETWORK_SERVICE, AclGuard, icacls_arguments

FILE = Path("shopmaster.password")
OWN = r"SHOP-PC\anna"


@pytest.mark.parametrize(
    "name", [NETWORK_SERVICE, "Network Service", r"nt authority\networkservice"]
)
def test_a_service_may_only_read_and_is_named_by_its_number(name: str) -> None:
    """Its name is another one in each language of Windows."""
    closing, owning = icacls_arguments(FILE, name, OWN)
    assert closing == [
        *("shopmaster.password", "/inheritance:r", "/grant:r"),
        *("*S-1-5-18:F", "*S-1-5-32-544:F", "*S-1-5-20:R"),
    ]
    assert owning == ["shopmaster.password", "/setowner", "*S-1-5-32-544"]


def test_a_named_account_is_named() -> None:
    closing, _ = icacls_arguments(FILE, r"SHOP-PC\upload", OWN)
    assert closing[-1] == r"SHOP-PC\upload:R"


def test_this_account_may_also_replace_its_file() -> None:
    closing, owning = icacls_arguments(FILE, None, OWN)
    assert closing[-1] == rf"{OWN}:M"
    assert owning[-1] == OWN


def test_the_system_is_not_granted_twice() -> None:
    closing, _ = icacls_arguments(FILE, r"NT AUTHORITY\SYSTEM", OWN)
    assert closing[3:] == ["*S-1-5-18:F", "*S-1-5-32-544:F"]


class FakeIcacls:
    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.calls: list[Sequence[str]] = []

    def __call__(self, arguments: Sequence[str]) -> int:
        self.calls.append(arguments)
        return self.codes.pop(0)


def test_both_calls_are_made_for_a_service() -> None:
    icacls = FakeIcacls(0, 0)
    AclGuard(icacls, OWN).close(FILE, NETWORK_SERVICE)
    assert [call[1] for call in icacls.calls] == ["/inheritance:r", "/setowner"]


def test_this_account_owns_its_file_already() -> None:
    icacls = FakeIcacls(0)
    AclGuard(icacls, OWN).close(FILE, None)
    assert len(icacls.calls) == 1


@pytest.mark.parametrize("codes", [(1332,), (0, 1307)], ids=["no such account", "no administrator"])
def test_a_file_that_cannot_be_closed_is_an_error(codes: tuple[int, ...]) -> None:
    with pytest.raises(PasswordError, match="administrator"):
        AclGuard(FakeIcacls(*codes), OWN).close(FILE, NETWORK_SERVICE)


@pytest.mark.skipif(sys.platform != "win32", reason="needs machine: Windows")
def test_windows_seals_with_the_computers_key() -> None:
    if sys.platform == "win32":
        from agent.passwords.windows import MachineSeal  # noqa: PLC0415  only there

        seal = MachineSeal()
        sealed = seal.seal("Hüsh".encode())
        assert b"sh" not in sealed
        assert seal.unseal(sealed).decode() == "Hüsh"
        with pytest.raises(OSError, match="WinError"):
            seal.unseal(b"not sealed")
