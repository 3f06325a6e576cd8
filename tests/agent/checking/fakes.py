"""What `check` looks at, as a test wants it to be."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from agent.checking.cloud import SignedIn
from agent.errors import AgentError, DatabaseError
from agent.names import Columns
from agent.scheduling.notes import Installed, Proof
from agent.scheduling.status import ScheduleStatus
from agent.token_store import StoredExpiry
from agent.values import catalog_rows
from contract.product import CatalogRow
from contract.run import Run
from tests.agent.shops import Row

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def now() -> datetime:
    return NOW


@dataclass
class FakeDatabase:
    """A table in memory; each step of the way to it may fail."""

    table_rows: Sequence[Row] = (("A1", "Coffee", "12.50"),)
    driver_fails: DatabaseError | None = None
    login_fails: DatabaseError | None = None
    reading_fails: DatabaseError | None = None
    """After the rows."""

    server: str = "shop-pc"
    doubt: tuple[str, str] | None = None
    account: str = "as the user “till”"
    table: str = "dbo.Products"

    def driver(self) -> str:
        if self.driver_fails is not None:
            raise self.driver_fails
        return "ODBC Driver 18 for SQL Server"

    def log_in(self) -> str:
        if self.login_fails is not None:
            raise self.login_fails
        return "Microsoft SQL Server 16.00.1000"

    def rows(self) -> Generator[CatalogRow, None, None]:
        yield from catalog_rows(self.table_rows, Columns())
        if self.reading_fails is not None:
            raise self.reading_fails


@dataclass
class FakeCloud:
    """A storage account; each question may fail."""

    skew: timedelta = timedelta(0)
    """How much this computer's clock is ahead."""

    latest: Sequence[Run] = ()
    until: datetime | None = None
    fails: dict[str, AgentError] = field(default_factory=dict)
    """By the name of the method."""

    host: str = "shop.blob.invalid"

    def _ask(self, question: str) -> None:
        if question in self.fails:
            raise self.fails[question]

    def service_time(self) -> datetime:
        self._ask("service_time")
        return NOW - self.skew

    def sign_in(self) -> SignedIn:
        self._ask("sign_in")
        return SignedIn("with a SAS", self.until)

    def prove_write(self) -> str:
        self._ask("prove_write")
        return "to catalogs/0001"

    def runs(self) -> Sequence[Run]:
        self._ask("runs")
        return self.latest


@dataclass
class FakeTokens:
    """A token store that knows this, or can't be asked."""

    found: StoredExpiry | AgentError

    def expiry(self) -> StoredExpiry:
        if isinstance(self.found, AgentError):
            raise self.found
        return self.found


@dataclass
class FakeSchedule:
    """A schedule that is so, or can't be asked about."""

    found: ScheduleStatus | AgentError
    proved: Proof | None = None

    def show(self) -> ScheduleStatus:
        if isinstance(self.found, AgentError):
            raise self.found
        return self.found

    def installed(self) -> Installed | None:
        return self.found.installed if isinstance(self.found, ScheduleStatus) else None

    def proof(self) -> Proof | None:
        return self.proved
