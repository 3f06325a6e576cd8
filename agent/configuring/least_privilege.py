"""The T-SQL for the shop's database person: a login that may read three columns of one table, no more."""

from dataclasses import dataclass

from agent.errors import SettingsError
from agent.names import Columns, TableName, quote_bracketed, quote_table
from agent.sqlserver.table import SqlServerTable

_SHORTEST_PASSWORD = 12


@dataclass(frozen=True, slots=True)
class WindowsAccount:
    """A Windows account, with its computer or domain: `NT AUTHORITY\\NETWORK SERVICE`."""

    name: str


@dataclass(frozen=True, slots=True)
class SqlUser:
    """A user of SQL Server's own, with a password."""

    name: str


Account = WindowsAccount | SqlUser


def script_for(table: SqlServerTable, account: Account) -> str:
    """Return the script; whatever is in a name, it stays a name.

    Raises SettingsError without a database, or for a name with more than one line: tools that run scripts
    cut them at lines.
    """
    database = table.login.database
    of_table = table.name[0] if len(table.name) == 3 else database
    if not database or not of_table:
        raise SettingsError(
            "The script needs the name of the database.", "Write `database` in the settings."
        )
    names = (database, of_table, *table.name, *table.columns, account.name)
    if any(len(f"{each}.".splitlines()) > 1 for each in names):
        raise SettingsError(
            "A name in the settings, or that of the account, contains a line break.",
            "Correct `database`, `table`, [columns] or --account.",
        )
    name = quote_bracketed(account.name)
    users = [
        line
        for each in dict.fromkeys([database, of_table])
        for line in (f"USE {quote_bracketed(each)};", *_user(account.name))
    ]
    return "\n".join(
        (
            "-- For the person who looks after the database: lets shopmaster read the",
            "-- three columns of the products that it uploads, and nothing else.",
            "-- Run it as an administrator.",
            *_login(account, database),
            *users,
            f"GRANT SELECT ({_columns(table.columns)})",
            f"    ON OBJECT::{quote_table(_with_schema(table.name))}",
            f"    TO {name};",
            "",
        )
    )


def _login(account: Account, database: str) -> tuple[str, ...]:
    name, home = quote_bracketed(account.name), quote_bracketed(database)
    missing = f"IF SUSER_ID({_literal(account.name)}) IS NULL"
    match account:
        case WindowsAccount():
            return (
                "-- In a Windows that isn't English, the account may have another name.",
                missing,
                f"    CREATE LOGIN {name} FROM WINDOWS WITH DEFAULT_DATABASE = {home};",
            )
        case SqlUser():
            begin = _literal(f"CREATE LOGIN {name} WITH PASSWORD = ")
            end = _literal(f", DEFAULT_DATABASE = {home}")
            return (
                "DECLARE @password nvarchar(128) = N'';  -- type a new password here",
                missing,
                "BEGIN",
                f"    IF LEN(@password) < {_SHORTEST_PASSWORD}",
                f"        THROW 50000, N'Type {_SHORTEST_PASSWORD} or more characters as the password.', 1;",
                f"    DECLARE @create nvarchar(max) = {begin}",
                f"        + QUOTENAME(@password, '''') + {end};",
                "    EXEC (@create);",
                "END;",
            )


def _user(name: str) -> tuple[str, ...]:
    return (
        f"IF DATABASE_PRINCIPAL_ID({_literal(name)}) IS NULL",
        f"    CREATE USER {quote_bracketed(name)} FOR LOGIN {quote_bracketed(name)};",
    )


def _columns(columns: Columns) -> str:
    return ", ".join(quote_bracketed(name) for name in dict.fromkeys(columns))


def _with_schema(name: TableName) -> TableName:
    """Return a table's name in its own database; without a schema it is in `dbo`, as new users see it."""
    schema = name[-2] if len(name) > 1 and name[-2] else "dbo"
    return (schema, name[-1])


def _literal(text: str) -> str:
    return "N'" + text.replace("'", "''") + "'"
