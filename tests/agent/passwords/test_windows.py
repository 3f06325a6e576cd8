"""What is handed to icacls closes a file to everybody but one account and administrators."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.passwords.ports import PasswordError
from agent.passwords.windows import AclGuard, closing
from agent.windows_accounts import NETWORK_SERVICE
from agent.windows_programs import Done

FILE = Path("shopmaster.password")
OWN = r"SHOP-PC\anna"


@pytest.mark.parametrize(
    "name", [NETWORK_SERVICE.name, "Network Service", r"nt authority\networkservice"]
)
def test_a_service_may_only_read_and_is_named_by_its_number(name: str) -> None:
    """Its name is another one in each language of Windows."""
    assert closing(FILE, name, OWN) == [
        *("shopmaster.password", "/inheritance:r", "/grant:r"),
        *("*S-1-5-18:F", "*S-1-5-32-544:F", "*S-1-5-20:R"),
    ]


def test_a_named_account_is_named() -> None:
    assert closing(FILE, r"SHOP-PC\upload", OWN)[-1] == r"SHOP-PC\upload:R"


def test_this_account_may_also_replace_its_file() -> None:
    assert closing(FILE, None, OWN)[-1] == rf"{OWN}:M"


def test_the_system_is_not_granted_twice() -> None:
    rights = closing(FILE, r"NT AUTHORITY\SYSTEM", OWN)[3:]
    assert rights == ["*S-1-5-18:F", "*S-1-5-32-544:F"]


class FakeIcacls:
    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.calls: list[Sequence[str]] = []

    def __call__(self, name: str, arguments: Sequence[str]) -> Done:
        assert name == "icacls"
        self.calls.append(arguments)
        return Done(self.codes.pop(0), "No mapping between account names and SIDs was done.")


def test_what_a_service_reads_belongs_to_the_administrators() -> None:
    icacls = FakeIcacls(0, 0)
    AclGuard(icacls, OWN).close(FILE, NETWORK_SERVICE.name)
    assert [call[1] for call in icacls.calls] == ["/inheritance:r", "/setowner"]
    assert icacls.calls[1] == ["shopmaster.password", "/setowner", "*S-1-5-32-544"]


def test_this_account_owns_its_file_already() -> None:
    icacls = FakeIcacls(0)
    AclGuard(icacls, OWN).close(FILE, None)
    assert len(icacls.calls) == 1


@pytest.mark.parametrize("codes", [(1332,), (0, 1307)], ids=["no such account", "no administrator"])
def test_a_file_that_cannot_be_closed_is_an_error(codes: tuple[int, ...]) -> None:
    with pytest.raises(PasswordError, match="administrator") as caught:
        AclGuard(FakeIcacls(*codes), OWN).close(FILE, NETWORK_SERVICE.name)
    assert "(No mapping" in caught.value.cause


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
