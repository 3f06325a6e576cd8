"""The agent's settings as types: parsed once, all problems reported together, no secret ever shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from agent.errors import SettingsError
from agent.names import Columns, parse_name, parse_table_name
from agent.settings.file import RawSettings, variable
from agent.settings.reader import SettingsReader
from agent.sqlite import SqliteTable
from agent.sqlserver.login import Login, own_login, sql_login, windows_login
from agent.sqlserver.table import SqlServerTable
from agent.storage.address import StorageSignIn, parse_account_url, parse_connection_string
from contract.blobs import StoreName, parse_store


class Authentication(StrEnum):
    """How the agent logs in to SQL Server."""

    WINDOWS = "windows"
    """As the account that runs the agent."""

    SQL = "sql"
    """With a user name and a password of SQL Server's own."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the agent."""

    store: StoreName
    products: SqlServerTable | SqliteTable
    """The table to read."""

    storage: StorageSignIn | None
    """None if the command doesn't need it."""

    telemetry: str | None = field(default=None, repr=False)
    """The connection string of Application Insights; None sends no telemetry."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything in the settings that must never be shown."""
        table = self.products
        of_database = table.login.secrets if isinstance(table, SqlServerTable) else ()
        of_storage = self.storage.secrets if self.storage is not None else ()
        of_telemetry = (self.telemetry,) if self.telemetry is not None else ()
        return (*of_database, *of_storage, *of_telemetry)


KEYS = (
    "store",
    "database.server",
    "database.database",
    "database.table",
    "database.authentication",
    "database.username",
    "database.password",
    "database.connection_string",
    "database.sqlite",
    "columns.product_id",
    "columns.product_name",
    "columns.sell_price",
    "storage.account_url",
    "storage.connection_string",
    "telemetry.connection_string",
)
"""Every setting; any other is refused."""

_PASSWORD = "database.password"  # noqa: S105  the key's name


def parse_settings(raw: RawSettings, *, with_storage: bool) -> Settings:
    """Return the settings as types; `with_storage` says whether the command needs `[storage]`.

    Raises SettingsError with every problem, each one a sentence that names its key.
    """
    if not raw.entries and raw.file is None:
        raise SettingsError(_nothing(raw))
    reader = SettingsReader.of(raw)
    reader.report_unknown(KEYS)
    needs = "write the name that your operator gave you"
    store = reader.parsed("store", parse_store, required=needs)
    products = _products(reader, raw.file)
    storage = _storage(reader) if with_storage or _mentions_storage(reader) else None
    telemetry = reader.text("telemetry.connection_string")
    if reader.problems or store is None or products is None:
        raise SettingsError(_report(reader.problems, raw))
    return Settings(store, products, storage, telemetry)


def _products(reader: SettingsReader, file: Path | None) -> SqlServerTable | SqliteTable | None:
    _check_password_place(reader)
    kind = reader.choice(
        "database", "name a `server` and a `database`, or a `connection_string`, or a `sqlite` file"
    )
    needs = "name the table that holds the products"
    if kind == "sqlite":
        path, name = _sqlite_path(reader, file), reader.parsed("database.table", parse_name, needs)
        columns = _columns(reader)
        return SqliteTable(path, name, columns) if path is not None and name else None
    login = _own_login(reader) if kind == "connection_string" else _login(reader, kind)
    table = reader.parsed("database.table", parse_table_name, needs)
    columns = _columns(reader)
    return SqlServerTable(login, table, columns) if login is not None and table else None


def _columns(reader: SettingsReader) -> Columns:
    usual = Columns()
    return Columns(
        reader.parsed("columns.product_id", parse_name) or usual.product_id,
        reader.parsed("columns.product_name", parse_name) or usual.product_name,
        reader.parsed("columns.sell_price", parse_name) or usual.sell_price,
    )


def _sqlite_path(reader: SettingsReader, file: Path | None) -> Path | None:
    """Return the SQLite file; a relative path in the settings file starts from that file's folder."""
    text = reader.text("database.sqlite")
    if text is None:
        return None
    path = Path(text)
    from_file = file is not None and not reader.entries["database.sqlite"].in_environment
    return file.parent / path if file is not None and from_file else path


def _own_login(reader: SettingsReader) -> Login | None:
    return reader.parsed("database.connection_string", own_login)


def _login(reader: SettingsReader, kind: str | None) -> Login | None:
    if kind != "server":
        return None
    server = reader.text("database.server", "name the computer, as in 'localhost\\SQLEXPRESS'")
    database = reader.text("database.database", "name the database on the server")
    authentication = reader.parsed("database.authentication", _authentication)
    needs = 'authentication = "sql" needs one' if authentication is Authentication.SQL else None
    username = reader.text("database.username", needs)
    if authentication is Authentication.SQL:
        password = _password(reader)
        if server and database and username and password:
            return sql_login(server, database, username, password)
        return None
    if username is not None:
        reader.problem("database.username", 'is only used with authentication = "sql"')
    return windows_login(server, database) if server and database else None


def _password(reader: SettingsReader) -> str | None:
    if _PASSWORD not in reader.entries:
        reader.problems.append(
            f'authentication = "sql" needs a password: put it in the environment variable '
            f"{variable(_PASSWORD)}."
        )
    return reader.text(_PASSWORD)


def _authentication(text: str) -> Authentication:
    if text not in set(Authentication):
        raise ValueError('must be "windows" or "sql"')
    return Authentication(text)


def _check_password_place(reader: SettingsReader) -> None:
    entry = reader.entries.get(_PASSWORD)
    if entry is not None and not entry.in_environment:
        reader.problem(
            _PASSWORD,
            "doesn't belong in a file that others may read: remove it from there and put it in the "
            f"environment variable {variable(_PASSWORD)}",
        )


def _mentions_storage(reader: SettingsReader) -> bool:
    return any(key.startswith("storage.") for key in reader.entries)


def _storage(reader: SettingsReader) -> StorageSignIn | None:
    kind = reader.choice(
        "storage", "give the storage account's `account_url`, or a `connection_string`"
    )
    if kind == "account_url":
        return reader.parsed("storage.account_url", parse_account_url)
    if kind == "connection_string":
        return reader.parsed("storage.connection_string", parse_connection_string)
    return None


def _nothing(raw: RawSettings) -> str:
    places = " nor ".join(str(place.absolute()) for place in raw.looked_at)
    return (
        f"There are no settings: neither {places} exists. Create one of them (`shopmaster upload --help` "
        "shows what belongs in it), or name another with --config."
    )


def _report(problems: Sequence[str], raw: RawSettings) -> str:
    where = f"settings file: {raw.file.absolute()}" if raw.file else "there is no settings file"
    if len(problems) == 1:
        return f"{problems[0]} ({where})"
    return "\n".join(
        [f"{len(problems)} settings are wrong ({where}):", *(f"- {each}" for each in problems)]
    )
