"""The questions about the SQL Server: where it is, who logs in, and which of its databases is the shop's."""

import sys
from contextlib import suppress

from agent.configuring.draft import PASSWORD, Draft
from agent.configuring.going_back import BackError
from agent.configuring.named import login_of
from agent.configuring.surroundings import Surroundings
from agent.configuring.terminal import Terminal, ask_for, choose, confirm
from agent.configuring.wording import worded
from agent.errors import DatabaseError, DatabaseProblem
from agent.passwords import login_name_of, stored_password
from agent.passwords.ports import PasswordError
from agent.settings.database import Authentication

_SQLITE = "sqlite:"
"""Before a file's name, instead of a server: the demo's database."""

_SEARCH = "?"
_AS_ITSELF = "Log in as the account that runs the upload (Windows authentication)?"


def ask_database(terminal: Terminal, near: Surroundings, draft: Draft) -> Draft:
    """Ask until a database can be opened, or is kept; raises BackError at the first question alone."""
    text = draft.text("database.connection_string")
    if text is not None and confirm(terminal, "Keep the connection string?", default=True):
        return draft
    file = draft.text("database.sqlite")
    if file is not None and confirm(terminal, f"Keep the SQLite file {file}?", default=True):
        return draft
    while True:
        draft = _ask_server(terminal, near, draft)
        if draft.text("database.sqlite") is not None:
            return draft
        terminal.say(f"ODBC driver: {near.driver()}")
        with suppress(BackError):  # to the server
            draft = _ask_login(terminal, draft)
            terminal.say("Logging in …")
            try:
                found = near.databases(login_of(draft, ""))
            except DatabaseError as error:
                terminal.say(f"✗ {worded(error)}\n")
                continue
            terminal.say("✓ The login works.\n")
            return _ask_name(terminal, near, draft, found)


def _ask_server(terminal: Terminal, near: Surroundings, draft: Draft) -> Draft:
    known = draft.text("database.server")
    answer = _SEARCH
    if known is not None:
        answer = ask_for(terminal, f"SQL Server ({_SEARCH} searches for others)", known)
    while answer == _SEARCH:
        terminal.say("Searching for SQL Servers …")
        found = near.servers()
        if not found:
            terminal.say(r"None was found. It may be localhost\SQLEXPRESS, or shop-pc,1433.")
        answer = choose(terminal, "SQL Server", found, known if known in found else None)
    if answer.startswith(_SQLITE):
        path = draft.file.absolute().parent / answer.removeprefix(_SQLITE)
        return draft.answered({"database.sqlite": str(path)})
    return draft.answered({"database.server": answer})


def _ask_login(terminal: Terminal, draft: Draft) -> Draft:
    before = draft.text("database.authentication")
    usual = Authentication.WINDOWS if sys.platform == "win32" else Authentication.SQL
    is_windows = (before or usual) == Authentication.WINDOWS
    if confirm(terminal, _AS_ITSELF, default=is_windows):
        return draft.answered(
            {
                "database.authentication": Authentication.WINDOWS.value,
                "database.username": None,
                PASSWORD: None,
            }
        )
    user = ask_for(terminal, "User name in SQL Server", draft.text("database.username"))
    known = _known_password(draft, user)
    hint = "not shown; Enter keeps the one from before" if known else "not shown"
    password = ""
    while not password:
        password = terminal.ask_hidden(f"Password of {user} ({hint}): ") or known or ""
    return draft.answered(
        {
            "database.authentication": Authentication.SQL.value,
            "database.username": user,
            PASSWORD: password,
        }
    )


def _known_password(draft: Draft, user: str) -> str | None:
    if draft.text(PASSWORD) is not None and draft.text("database.username") == user:
        return draft.text(PASSWORD)
    with suppress(PasswordError):  # a new one will be stored anyway
        return stored_password(draft.file, login_name_of(user, draft.text("database.server") or ""))
    return None


def _ask_name(terminal: Terminal, near: Surroundings, draft: Draft, found: list[str]) -> Draft:
    """Ask until the database is there; whatever else is wrong with it shows when its tables are read."""
    if not found:
        terminal.say("This login may open no database that isn't SQL Server's own.")
    before = draft.text("database.database")
    while True:
        named = draft.answered({"database.database": choose(terminal, "Database", found, before)})
        try:
            near.tables(login_of(named))
        except DatabaseError as error:
            if error.problem is DatabaseProblem.NO_DATABASE:
                terminal.say(f"✗ {worded(error)}\n")
                before = None
                continue
        return named
