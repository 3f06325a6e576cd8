"""The settings of the shop's database: which table to read, and how to log in to it."""

from enum import StrEnum
from pathlib import Path

from agent.names import Columns, parse_name, parse_table_name
from agent.passwords import login_name_of, stored_password
from agent.passwords.ports import PasswordError
from agent.settings.file import variable
from agent.settings.reader import SettingsReader
from agent.sqlite import SqliteTable
from agent.sqlserver.login import Login, own_login, sql_login, windows_login
from agent.sqlserver.table import SqlServerTable

_PASSWORD = "database.password"  # noqa: S105  the key's name


class Authentication(StrEnum):
    """How the agent logs in to SQL Server."""

    WINDOWS = "windows"
    """As the account that runs the agent."""

    SQL = "sql"
    """With a user name and a password of SQL Server's own."""


def parse_products(
    reader: SettingsReader, file: Path | None, *, with_password: bool
) -> SqlServerTable | SqliteTable | None:
    """Return the table to read, or None if the settings don't name one or are wrong.

    `with_password` says whether it will be read, so that a password must be there.
    """
    _check_password_place(reader)
    kind = reader.choice(
        "database", "name a `server` and a `database`, or a `connection_string`, or a `sqlite` file"
    )
    needs = "name the table that holds the products"
    if kind == "sqlite":
        path = reader.path("database.sqlite", file)
        name = reader.parsed("database.table", parse_name, needs)
        columns = _columns(reader)
        return SqliteTable(path, name, columns) if path is not None and name else None
    if kind == "connection_string":
        login = _own_login(reader)
    else:
        login = _login(reader, kind, file, with_password=with_password)
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


def _own_login(reader: SettingsReader) -> Login | None:
    return reader.parsed("database.connection_string", own_login)


def _login(
    reader: SettingsReader, kind: str | None, file: Path | None, *, with_password: bool
) -> Login | None:
    if kind != "server":
        return None
    server = reader.text("database.server", "name the computer, as in 'localhost\\SQLEXPRESS'")
    database = reader.text("database.database", "name the database on the server")
    authentication = reader.parsed("database.authentication", _authentication)
    needs = 'authentication = "sql" needs one' if authentication is Authentication.SQL else None
    username = reader.text("database.username", needs)
    if authentication is Authentication.SQL:
        name = login_name_of(username, server) if username and server else None
        password = _password(reader, file, name) if with_password else ""
        if server and database and username and password is not None:
            return sql_login(server, database, username, password)
        return None
    if username is not None:
        reader.problem("database.username", 'is only used with authentication = "sql"')
    return windows_login(server, database) if server and database else None


def _password(reader: SettingsReader, file: Path | None, login_name: str | None) -> str | None:
    """Return the password: that of the environment, else the one that is stored for the login."""
    if _PASSWORD in reader.entries:
        return reader.text(_PASSWORD)
    try:
        password = stored_password(file, login_name) if login_name is not None else None
    except PasswordError as error:
        reader.problems.append(str(error))
        return None
    if password is None:
        reader.problems.append(
            'authentication = "sql" needs a password, and none is stored'
            f"{f' for {login_name}' if login_name else ''}: run `shopmaster configure`, or put it in "
            f"the environment variable {variable(_PASSWORD)}."
        )
    return password


def _authentication(text: str) -> Authentication:
    if text not in set(Authentication):
        raise ValueError('must be "windows" or "sql"')
    return Authentication(text)


def _check_password_place(reader: SettingsReader) -> None:
    entry = reader.entries.get(_PASSWORD)
    if entry is not None and not entry.in_environment:
        reader.problem(
            _PASSWORD,
            "doesn't belong in a file that others may read: remove it from there and run "
            f"`shopmaster configure`, or put it in the environment variable {variable(_PASSWORD)}",
        )
