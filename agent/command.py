"""What every command gets, and makes of it: the settings, and the parts that they ask for."""

import argparse
import logging
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent import __version__
from agent.errors import ExitCode
from agent.export import ProductSource
from agent.following import Clock
from agent.progress import ShownProgress, shown_on
from agent.redaction import Redaction
from agent.settings import OdbcDatabase, Settings, SqliteDatabase, SqlServerDatabase, parse_settings
from agent.settings_file import read_settings
from agent.sqlite import SqliteOptions, SqliteSource
from agent.sqlserver import SqlServerOptions, SqlServerSource

if TYPE_CHECKING:
    from agent.storage import AzureStorage

logger = logging.getLogger(__name__)

CLOCK = Clock(time.monotonic, time.sleep)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a command."""

    arguments: argparse.Namespace
    environment: Mapping[str, str]
    redaction: Redaction

    def settings(self, *, with_storage: bool) -> Settings:
        """Give the settings, whose secrets no log shows from now on; raises SettingsError."""
        raw = read_settings(self.arguments.config, self.environment)
        settings = parse_settings(raw, with_storage=with_storage)
        self.redaction.learn(settings)
        logger.debug(
            "shopmaster %s, Python %s, %s",
            __version__,
            platform.python_version(),
            platform.platform(),
        )
        logger.debug("settings from %s: %r", raw.file or "the environment alone", settings)
        return settings

    def progress(self) -> ShownProgress:
        """Give the progress on standard error: no bar between the lines of a log."""
        return shown_on(sys.stderr, plain=self.arguments.verbose)


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, its arguments, and what it does."""

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Call], ExitCode]


def source_for(settings: Settings) -> ProductSource:
    """Give the table of products that the settings name; nothing is connected yet."""
    columns = {
        "product_id": settings.columns.product_id,
        "product_name": settings.columns.product_name,
        "sell_price": settings.columns.sell_price,
    }
    match settings.database:
        case SqliteDatabase(path):
            return SqliteSource(SqliteOptions(path, settings.table, **columns))
        case OdbcDatabase(text):
            return SqlServerSource(
                SqlServerOptions(settings.table, **columns, connection_string=text)
            )
        case SqlServerDatabase() as named:
            return SqlServerSource(
                SqlServerOptions(
                    settings.table,
                    **columns,
                    server=named.server,
                    database=named.database,
                    authentication=named.authentication,
                    username=named.username or "",
                    password=named.password or "",
                )
            )


def storage_for(settings: Settings) -> "AzureStorage":
    """Give the storage account that the settings name; raises StorageError for a malformed address."""
    if settings.storage is None:
        raise ValueError("settings without storage")  # a command forgot to ask for it
    # Imported late: it takes longer than all the rest, and most ways to fail don't get this far.
    from agent.storage import AzureStorage  # noqa: PLC0415

    return AzureStorage(settings.storage, CLOCK)
