"""Plans for tests."""

from datetime import time
from pathlib import Path

from agent.scheduling.plan import Account, Plan, Times, UserAccount, daily
from agent.windows_accounts import NETWORK_SERVICE
from contract.blobs import StoreName

STORE = StoreName("0001")
SECRET = "Hüsh&Hush<0815>"
TILL = UserAccount(r"SHOP-PC\till", SECRET)


def windows_plan(
    account: Account = NETWORK_SERVICE,
    times: Times | None = None,
    program: str = r"C:\Program Files\shopMaster\shopmaster.exe",
    config: str = r"C:\ProgramData\shopMaster\shopmaster.toml",
    state: Path = Path(r"C:\ProgramData\shopMaster\state\0001"),
) -> Plan:
    return Plan(STORE, (program,), Path(config), state, account, times or daily(time(2), STORE))
