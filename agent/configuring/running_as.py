"""Which account runs the upload: it must be able to read the password, and the table."""

import sys
from collections.abc import Mapping
from pathlib import Path

from agent.configuring.draft import Draft
from agent.configuring.least_privilege import Account, SqlUser, WindowsAccount
from agent.configuring.named import login_of
from agent.errors import SettingsError
from agent.settings.file import machine_wide_file
from agent.windows_accounts import NETWORK_SERVICE, full_name


def runner(
    named: str | None, file: Path, environment: Mapping[str, str], platform: str = sys.platform
) -> str | None:
    """Return the account that runs the upload, or None if it is the one that runs this program.

    On Windows, settings for all accounts are those of a scheduled upload, which runs as a service.
    """
    if platform != "win32":
        return named
    if named is not None:
        return full_name(named)
    is_machine_wide = file.absolute() == machine_wide_file(environment, platform).absolute()
    return NETWORK_SERVICE.name if is_machine_wide else None


def grantee(draft: Draft, named: str | None) -> Account:
    """Return who is to read the table; raises SettingsError if that has to be said with --account."""
    login = login_of(draft)
    if login.user is not None:
        return SqlUser(login.user)
    if named is not None:
        return WindowsAccount(full_name(named))
    if login.address is not None and not login.address.is_local:
        raise SettingsError(
            "SQL Server is on another computer, which knows this one by its account in the domain.",
            r"Name it with --account, as in --account 'SHOP\STOREPC$' for the computer STOREPC.",
        )
    return WindowsAccount(NETWORK_SERVICE.name)
