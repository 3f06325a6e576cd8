"""What `configure` finds on this computer and tries out, as its questions see it."""

from typing import Protocol

from agent.export import ProductSource
from agent.settings.parsing import Settings
from agent.sqlite import SqliteTable
from agent.sqlserver.exploring import FoundTable
from agent.sqlserver.login import Login
from agent.sqlserver.table import SqlServerTable


class Surroundings(Protocol):
    """The shop's database, the cloud, and this computer; whatever can't be reached raises AgentError."""

    def servers(self) -> list[str]:
        """Return the addresses of the SQL Servers on this computer and this network."""

    def driver(self) -> str:
        """Return the name of the ODBC driver that would be used."""

    def databases(self, login: Login) -> list[str]:
        """Return the databases that a login may open."""

    def tables(self, login: Login) -> list[FoundTable]:
        """Return the tables of the login's database."""

    def products(self, table: SqlServerTable | SqliteTable) -> ProductSource:
        """Return the products of a table."""

    def prove_storage(self, settings: Settings) -> None:
        """Prove that a catalogue could be uploaded, without leaving one."""

    def token(self, settings: Settings) -> str:
        """Return a sentence that says how the store's token is; the settings say where it is kept."""
