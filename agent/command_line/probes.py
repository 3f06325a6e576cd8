"""What `check` looks at, as the settings name it: the adapters behind the protocols of `checking`."""

import sys
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from agent.checking.cloud import SignedIn
from agent.checking.database import Database
from agent.errors import ScheduleError
from agent.following import Clock
from agent.scheduling.notes import Installed, Notes, Proof
from agent.scheduling.platforms import schedule_for
from agent.scheduling.status import ScheduleStatus
from agent.settings.parsing import Settings
from agent.sign_in import Arc, Certificate, Developer, ManagedIdentity, SignIn, prove_sign_in
from agent.sqlite import SqliteSource, SqliteTable
from agent.sqlserver.probe import SqlServerProbe
from agent.sqlserver.table import SqlServerTable
from agent.storage.address import StorageAccount, StorageConnection, StorageSignIn
from contract.blobs import CATALOGS, StoreName
from contract.product import CatalogRow
from contract.run import Run

if TYPE_CHECKING:
    from agent.storage.account import AzureStorage


def database_for(settings: Settings) -> Database:
    """Return the way to the products that the settings name."""
    match settings.products:
        case SqliteTable() as table:
            return SqliteProbe(table)
        case SqlServerTable() as table:
            return SqlServerProbe(table)
        case _:
            assert_never(settings.products)


class SqliteProbe:
    """The way to a table in a SQLite file, which is short."""

    account = "none is needed"
    doubt = None

    def __init__(self, table: SqliteTable) -> None:
        """Take what to look at; nothing is opened yet."""
        self._source = SqliteSource(table)
        self.server = f"none is needed: the products are in the file {table.path}"
        self.table = table.name

    def driver(self) -> str:
        """Return that there is none."""
        return "none is needed"

    def log_in(self) -> str:
        """Do nothing."""
        return ""

    def rows(self) -> Generator[CatalogRow, None, None]:
        """Yield every row as the upload reads it; raises DatabaseError."""
        return self._source.rows()


class CloudProbe:
    """The storage account of a store, which is signed in to at the first question."""

    def __init__(self, sign_in: StorageSignIn, store: StoreName, clock: Clock) -> None:
        """Take where it is; nothing is sent yet."""
        self._sign_in = sign_in
        self._store = store
        self._clock = clock
        self._account: AzureStorage | None = None

    @property
    def host(self) -> str:
        """The account's address."""
        return self._storage.host

    def close(self) -> None:
        """Close the connections."""
        if self._account is not None:
            self._account.close()

    def service_time(self) -> datetime:
        """Return what time it is there; raises StorageError or SignInError."""
        return self._storage.service_time()

    def sign_in(self) -> SignedIn:
        """Sign in if the account is not reached with a key or SAS; raises SignInError."""
        account = self._sign_in
        if isinstance(account, StorageAccount) and account.sign_in is not None:
            prove_sign_in(account.sign_in)
            return SignedIn(_described(account.sign_in), None)
        is_key = isinstance(account, StorageConnection) and account.expires_on is None
        return SignedIn(
            "with the connection string" if is_key else "with a SAS", account.expires_on
        )

    def prove_write(self) -> str:
        """Prove that catalogues may be written, and leave nothing; raises StorageError."""
        self._storage.prove_write(self._store)
        return f"to {CATALOGS}/{self._store}"

    def runs(self) -> Sequence[Run]:
        """Return the store's latest run, if there is one; raises StorageError."""
        return self._storage.runs(self._store, 1)

    @property
    def _storage(self) -> "AzureStorage":
        if self._account is None:
            # Imported late: it takes longer than everything else.
            from agent.storage.account import AzureStorage  # noqa: PLC0415

            self._account = AzureStorage(self._sign_in, self._clock)
        return self._account


def _described(way: SignIn) -> str:
    match way:
        case Arc():
            return "with this computer's Azure Arc identity"
        case ManagedIdentity():
            return "with this machine's managed identity"
        case Certificate(path=path):
            return f"with the certificate {path}"
        case Developer():
            return "as whoever is signed in to `az`"
        case _:
            assert_never(way)


@dataclass(frozen=True, slots=True)
class ScheduleProbe:
    """The store's schedule on this computer."""

    store: StoreName
    state: Path

    def show(self) -> ScheduleStatus:
        """Return how the schedule is, on Linux the user's own if the system has none; raises ScheduleError."""
        status = schedule_for(self.store, self.state).show()
        if status.job is None and sys.platform == "linux":
            with suppress(ScheduleError):
                of_user = schedule_for(self.store, self.state, is_user=True).show()
                return of_user if of_user.job is not None else status
        return status

    def installed(self) -> Installed | None:
        """Return what was installed, if anything was."""
        return Notes(self.state).installed()

    def proof(self) -> Proof | None:
        """Return what the last checks found that ran as the schedule's account."""
        return Notes(self.state).proof()


def changed_at(file: Path | None) -> datetime | None:
    """Return when a file was last changed; None if that is not known."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC) if file is not None else None
    except (OSError, OverflowError):
        return None
