"""The login and the table that a draft names, before the rest of the settings is known."""

from agent.configuring.draft import PASSWORD, Draft
from agent.errors import SettingsError
from agent.names import Columns, parse_name, parse_table_name
from agent.settings.database import Authentication
from agent.sqlite import SqliteTable
from agent.sqlserver.login import Login, own_login, sql_login, windows_login
from agent.sqlserver.table import SqlServerTable

COLUMNS = ("columns.product_id", "columns.product_name", "columns.sell_price")
USUAL_TABLE = "Products"


def login_of(draft: Draft, database: str | None = None) -> Login:
    """Return the login that a draft names, to its database or to another one of the server."""
    text = draft.text("database.connection_string")
    if text is not None:
        return own_login(text)
    server, user = draft.text("database.server") or "", draft.text("database.username") or ""
    name = database if database is not None else draft.text("database.database") or ""
    if draft.text("database.authentication") == Authentication.SQL:
        return sql_login(server, name, user, draft.text(PASSWORD) or "")
    return windows_login(server, name)


def table_of(draft: Draft, login: Login | None) -> SqlServerTable | SqliteTable:
    """Return the table that a draft names, with its columns or the usual ones.

    `login` is None for a SQLite file. Raises SettingsError for a name that can't be one.
    """
    name = draft.text("database.table") or USUAL_TABLE
    try:
        columns = Columns(
            *(
                parse_name(draft.text(key) or usual)
                for key, usual in zip(COLUMNS, Columns(), strict=True)
            )
        )
        if login is not None:
            return SqlServerTable(login, parse_table_name(name), columns)
        path = draft.file.absolute().parent / (draft.text("database.sqlite") or "")
        return SqliteTable(path, parse_name(name), columns)
    except ValueError as problem:
        raise SettingsError(
            f"The name of the table or of a column {problem}.",
            "Correct `table` or [columns] in the settings.",
        ) from None


def sql_server_table(draft: Draft) -> SqlServerTable:
    """Return the table in SQL Server that a draft names; raises SettingsError if it names none."""
    table = None if draft.text("database.sqlite") else table_of(draft, login_of(draft))
    if not isinstance(table, SqlServerTable):
        raise SettingsError("A SQLite file has no logins: whoever may read the file may read it.")
    if draft.text("database.table") is None or not table.login.database:
        raise SettingsError(
            "The script needs the names of the database and of the table.",
            "Run `shopmaster configure` first, or give them as SHOPMASTER_DATABASE__DATABASE and "
            "SHOPMASTER_DATABASE__TABLE.",
        )
    return table
