"""What `schedule install` installs: whom the schedule runs as, and how it starts this program."""

import getpass
import sys
from pathlib import Path

from agent.command_line.piped_password import piped_password
from agent.configuring.terminal import has_terminal
from agent.errors import SettingsError
from agent.scheduling.plan import Account, UserAccount
from agent.scheduling.platforms import this_account
from agent.windows_accounts import NETWORK_SERVICE, service_account


def this_program() -> tuple[str, ...]:
    """Return how this program is started, wherever one is."""
    executable = str(Path(sys.executable).absolute())
    return (executable,) if getattr(sys, "frozen", False) else (executable, "-m", "agent")


def chosen_account(
    name: str | None, *, password_stdin: bool, platform: str = sys.platform
) -> Account:
    """Return the account that the user names or, without a name, the platform's usual one.

    Raises SettingsError if Windows needs a password and there is none that can be read.
    """
    if platform != "win32":
        return UserAccount(name or this_account())
    if name is None:
        return NETWORK_SERVICE
    return service_account(name) or UserAccount(name, _password(name, from_stdin=password_stdin))


def _password(account: str, *, from_stdin: bool) -> str:
    if from_stdin:
        password = piped_password()
    elif has_terminal():
        password = getpass.getpass(f"Windows password of {account}: ")
    else:
        password = ""
    if not password:
        raise SettingsError(
            f"Windows needs the password of {account} to run a task as that account.",
            "Run the command in a window where it can ask for it, or give it on standard input with "
            f"--password-stdin. {NETWORK_SERVICE.name} needs none.",
        )
    return password
