"""The agent's settings: parsed once, all problems reported together, no secret ever shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from agent.errors import SettingsError
from agent.names import parse_column_name, parse_table_name
from agent.settings_file import RawSettings, variable
from agent.settings_reader import SettingsReader
from agent.storage_address import (
    StorageConnection,
    StorageSignIn,
    check_connection_string,
    parse_account_url,
    parse_web_address,
)
from contract.blobs import StoreName, parse_store

DIGIBLE_API = "https://api.digible.one/v1"


class Authentication(StrEnum):
    """How the agent signs in to SQL Server."""

    WINDOWS = "windows"
    """As the account that runs the agent."""

    SQL = "sql"
    """With a user name and a password of SQL Server's own."""


@dataclass(frozen=True, slots=True)
class SqlServerDatabase:
    """A database of SQL Server's, by name."""

    server: str
    database: str
    authentication: Authentication
    username: str | None
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OdbcDatabase:
    """Anything ODBC can reach."""

    connection_string: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SqliteDatabase:
    """A file of SQLite's."""

    path: Path
    """One given relatively in the settings file starts from that file's folder."""


Database = SqlServerDatabase | OdbcDatabase | SqliteDatabase


@dataclass(frozen=True, slots=True)
class Columns:
    """Which of the table's columns hold what is sent."""

    product_id: str
    product_name: str
    sell_price: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the agent was told."""

    store: StoreName
    database: Database
    table: str
    columns: Columns
    storage: StorageSignIn | None
    """None only where it was not asked for."""

    digible_api: str
    key_vault: str | None


_KEYS = (
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
    "digible.api_url",
    "key_vault.url",
)
_PASSWORD = "database.password"  # noqa: S105  the key's name


def parse_settings(raw: RawSettings, *, with_storage: bool) -> Settings:
    """Give the settings as types; `with_storage` tells whether the command needs `[storage]`.

    Raises SettingsError with all that is wrong, each problem a sentence that names its key.
    """
    if not raw.entries and raw.file is None:
        raise SettingsError(_nothing(raw))
    reader = SettingsReader.of(raw)
    reader.report_unknown(_KEYS)
    database = _database(reader, raw.file)
    settings = Settings(
        store=StoreName(_store(reader)),
        database=database or SqliteDatabase(Path()),
        table=_table(reader),
        columns=Columns(
            _column(reader, "columns.product_id") or "ProductID",
            _column(reader, "columns.product_name") or "ProductName",
            _column(reader, "columns.sell_price") or "SellPrice",
        ),
        storage=_storage(reader) if with_storage or _mentions_storage(reader) else None,
        digible_api=reader.checked("digible.api_url", parse_web_address) or DIGIBLE_API,
        key_vault=reader.checked("key_vault.url", parse_web_address),
    )
    if reader.problems:
        raise SettingsError(_report(reader.problems, raw))
    return settings


def _store(reader: SettingsReader) -> str:
    if "store" not in reader.entries:
        return reader.required("store", "write the name under which Digible's operator knows it")
    return reader.checked("store", parse_store, "is no store's name") or ""


def _table(reader: SettingsReader) -> str:
    if "database.table" not in reader.entries:
        return reader.required("database.table", "name the table that holds the products")
    return reader.checked("database.table", parse_table_name) or ""


def _column(reader: SettingsReader, key: str) -> str | None:
    return reader.checked(key, parse_column_name)


def _database(reader: SettingsReader, file: Path | None) -> Database | None:
    _check_password_place(reader)
    kind = reader.choice(
        "database", "name a `server` and a `database`, or a `connection_string`, or a `sqlite` file"
    )
    match kind:
        case "server":
            return _sql_server(reader)
        case "connection_string":
            return OdbcDatabase(reader.text("database.connection_string") or "")
        case "sqlite":
            path = Path(reader.text("database.sqlite") or "")
            from_file = file and not reader.entries["database.sqlite"].in_environment
            return SqliteDatabase(file.parent / path if file and from_file else path)
        case _:
            return None


def _sql_server(reader: SettingsReader) -> SqlServerDatabase:
    authentication = reader.checked("database.authentication", _check_authentication)
    username = reader.text("database.username")
    password = None
    if authentication == Authentication.SQL:
        reader.required("database.username", 'authentication = "sql" needs one')
        password = reader.text(_PASSWORD)
        if _PASSWORD not in reader.entries:
            reader.problems.append(
                f'authentication = "sql" needs a password: put it into the environment variable '
                f"{variable(_PASSWORD)}."
            )
    elif username is not None:
        reader.problem("database.username", 'is used with authentication = "sql" only')
    return SqlServerDatabase(
        server=reader.required(
            "database.server", "name the computer, as in 'localhost\\SQLEXPRESS'"
        ),
        database=reader.required("database.database", "name the database on the server"),
        authentication=Authentication(authentication or Authentication.WINDOWS),
        username=username,
        password=password,
    )


def _check_authentication(text: str) -> None:
    if text not in set(Authentication):
        raise ValueError('must be "windows" or "sql"')


def _check_password_place(reader: SettingsReader) -> None:
    entry = reader.entries.get(_PASSWORD)
    if entry is not None and not entry.in_environment:
        reader.problem(
            _PASSWORD,
            "doesn't belong in a file that others may read: remove it there and put it into the "
            f"environment variable {variable(_PASSWORD)}",
        )


def _mentions_storage(reader: SettingsReader) -> bool:
    return any(key.startswith("storage.") for key in reader.entries)


def _storage(reader: SettingsReader) -> StorageSignIn | None:
    kind = reader.choice(
        "storage", "give the storage account's `account_url`, or a `connection_string`"
    )
    if kind == "account_url":
        text = reader.checked("storage.account_url", parse_account_url)
        return parse_account_url(text) if text else None
    if kind == "connection_string":
        text = reader.checked("storage.connection_string", check_connection_string)
        return StorageConnection(text) if text else None
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
