"""What the commands share: how one is described and called, and the parts that it needs."""

import argparse
import logging
import platform
import sys
import time
from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, assert_never

from agent import __version__
from agent.command_line.progress import ShownProgress, shown_on
from agent.command_line.redaction import Redaction
from agent.errors import ExitCode
from agent.export import ProductSource
from agent.following import Clock
from agent.settings.exposure import exposure
from agent.settings.file import machine_wide_file, read_settings
from agent.settings.parsing import Settings, parse_settings
from agent.sqlite import SqliteSource, SqliteTable
from agent.sqlserver.source import SqlServerSource
from agent.sqlserver.table import SqlServerTable
from agent.state import state_folder
from agent.telemetry import Operation, operation
from agent.token_store import TokenStore, token_store_for
from contract.telemetry import CONNECTION_STRING

if TYPE_CHECKING:
    from agent.storage.account import AzureStorage

logger = logging.getLogger(__name__)

CLOCK = Clock(time.monotonic, time.sleep)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a command."""

    config: Path | None
    """The settings file, if the user names one."""

    verbose: bool
    """Whether to show what a support person needs to see."""

    environment: MutableMapping[str, str]
    redaction: Redaction
    log_to: Callable[[Path], None] = lambda _: None
    """Gets the state folder as soon as it is known: the log is there."""

    is_logged: bool = False
    """Whether a log gets all that is printed: no name and no price of a product may be in one."""

    def settings(self, *, with_storage: bool, reads_products: bool = True) -> Settings:
        """Return the settings, whose secrets no log shows from now on; raises SettingsError."""
        raw = read_settings(self.config, self.environment)
        settings = parse_settings(raw, with_storage=with_storage, reads_products=reads_products)
        self.redaction.learn(settings.secrets)
        if warning := exposure(raw):
            print(f"Warning: {warning}", file=sys.stderr)
        self.log_to(self.state_folder(settings))
        logger.debug(
            "shopmaster %s, Python %s, %s",
            __version__,
            platform.python_version(),
            platform.platform(),
        )
        logger.debug("settings from %s: %r", raw.file or "the environment alone", settings)
        return settings

    def operation(
        self, settings: Settings, warn: Callable[[str], None]
    ) -> AbstractContextManager[Operation]:
        """Return the operation that the command is, and its telemetry if the settings want any."""
        of_environment = self.environment.get(CONNECTION_STRING, "").strip()
        connection_string = settings.telemetry or of_environment or None
        if connection_string is not None:
            self.redaction.learn([connection_string])
        return operation(
            connection_string, settings.store, self.environment, warn, settings.sign_in
        )

    def state_folder(self, settings: Settings) -> Path:
        """Return the folder in which the agent keeps what it knows of the store."""
        machine_wide = machine_wide_file(self.environment)
        return state_folder(settings.file, machine_wide, settings.store, settings.state_folder)

    def progress(self) -> ShownProgress:
        """Return the progress on standard error: no bar between the lines of a log."""
        return shown_on(sys.stderr, plain=self.verbose)


class Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Arguments = TypeVar("Arguments", bound=Dataclass)


@dataclass(frozen=True, slots=True)
class Command(Generic[Arguments]):
    """A command: its name, its arguments, and what it does."""

    name: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    arguments: type[Arguments]
    """A dataclass of what `add_arguments` has parsed, under the same names."""

    run: Callable[[Call, Arguments], ExitCode]

    def start(self, call: Call, parsed: argparse.Namespace) -> ExitCode:
        """Run the command with its parsed arguments."""
        values = {field.name: getattr(parsed, field.name) for field in fields(self.arguments)}
        return self.run(call, self.arguments(**values))


def source_of(table: SqlServerTable | SqliteTable) -> ProductSource:
    """Return the products of a table; nothing is connected yet."""
    match table:
        case SqliteTable():
            return SqliteSource(table)
        case SqlServerTable():
            return SqlServerSource(table)
        case _:
            assert_never(table)


def storage_for(settings: Settings) -> "AzureStorage":
    """Return the storage account that the settings name; raises StorageError for a malformed address."""
    if settings.storage is None:
        raise ValueError("settings without storage")  # the command did not ask for it
    # Imported late: it takes longer than everything else, and most failures come before it is needed.
    from agent.storage.account import AzureStorage  # noqa: PLC0415

    return AzureStorage(settings.storage, CLOCK)


def tokens_for(settings: Settings) -> TokenStore | None:
    """Return where the store's token is kept; None if the settings don't say.

    Nothing is sent yet. Raises SignInError or TokenStoreError.
    """
    if settings.tokens is None:
        return None
    return token_store_for(settings.tokens, settings.sign_in, settings.store)
