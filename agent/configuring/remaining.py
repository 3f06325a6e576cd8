"""What somebody has to do once the settings are written, so that the upload may do its work and nobody else."""

from collections.abc import Iterator
from pathlib import Path

from agent.settings.exposure import changeable
from agent.settings.parsing import Settings
from agent.sqlserver.table import SqlServerTable


def left_to_do(settings: Settings, account: str | None, machine_wide: Path) -> Iterator[str]:
    """Yield what is still to be done about rights: the account's on the table, others' on the settings."""
    if doubt := changeable(settings.file, machine_wide):
        yield str(doubt)
    table = settings.products
    if account is not None and isinstance(table, SqlServerTable) and table.login.user is None:
        yield (
            f"The upload runs as {account}, which must be able to read the table, too: `shopmaster "
            "configure --sql` prints the script for that."
        )
