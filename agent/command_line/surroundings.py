"""What `configure` finds and tries, on this computer and in the cloud: the adapters behind its questions."""

from contextlib import closing
from datetime import UTC, datetime

from agent.command_line.command import source_of, storage_for, tokens_for
from agent.configuring.instances import found_servers, this_registry
from agent.errors import AgentError
from agent.export import ProductSource
from agent.settings.parsing import Settings
from agent.showing import local_time
from agent.sqlite import SqliteTable
from agent.sqlserver.exploring import FoundTable, databases, installed_driver, tables
from agent.sqlserver.login import Login
from agent.sqlserver.table import SqlServerTable


class ThisComputer:
    """Implements `configuring.surroundings.Surroundings`; each method may raise AgentError."""

    def servers(self) -> list[str]:
        """Return the addresses of the SQL Servers on this computer and this network."""
        return found_servers(this_registry())

    def driver(self) -> str:
        """Return the name of the ODBC driver that would be used."""
        return installed_driver()

    def databases(self, login: Login) -> list[str]:
        """Return the databases that a login may open."""
        return databases(login)

    def tables(self, login: Login) -> list[FoundTable]:
        """Return the tables of the login's database."""
        return tables(login)

    def products(self, table: SqlServerTable | SqliteTable) -> ProductSource:
        """Return the products of a table."""
        return source_of(table)

    def prove_storage(self, settings: Settings) -> None:
        """Prove that a catalogue could be uploaded, without leaving one."""
        with closing(storage_for(settings)) as storage:
            storage.prove_write(settings.store)

    def token(self, settings: Settings) -> str:
        """Return a sentence that says how the store's token is; the settings say where it is kept."""
        tokens = tokens_for(settings)
        if tokens is None:
            raise ValueError("settings without a place for the token")  # nobody may ask then
        found = tokens.expiry()
        if not found.is_present:
            return "There is no token yet: `shopmaster login` gets one."
        if found.expires_on is None:
            return "There is a token."
        if found.expires_on <= datetime.now(UTC):
            return "The token has expired: `shopmaster login` gets a new one."
        until = local_time(found.expires_on)
        return f"There is a token, until {until}."

    def keep_token(self, token: str, settings: Settings) -> str:
        """Keep an old shopMaster's token, and return a sentence that says what became of it."""
        from agent.token_expiry import expiry_of  # noqa: PLC0415  no other command needs it

        expires_on = expiry_of(token)
        again = "Run `shopmaster login`."
        if expires_on is not None and expires_on <= datetime.now(UTC):
            return f"The old shopMaster's token has expired, and was not taken over. {again}"
        try:
            tokens = tokens_for(settings)
            if tokens is None:
                return (
                    "The settings don't say where a token is kept, so the old one was not taken over. "
                    f"{again}"
                )
            tokens.set(token, expires_on)
        except AgentError as error:
            return f"The old shopMaster's token was not taken over: {error} {again}"
        return "The old shopMaster's token was taken over."
