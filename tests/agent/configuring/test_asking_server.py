"""The questions about the SQL Server: found ones are offered, and a login that fails can be corrected."""

import pytest

from agent.configuring.asking_server import ask_database
from agent.configuring.draft import PASSWORD, Draft
from agent.configuring.going_back import BACK, BackError, Reversible
from agent.passwords import login_name_of, store_password
from agent.sqlserver.exploring import FoundTable
from agent.sqlserver.login import Login
from tests.agent.configuring.conversation import FakeSurroundings, Line, ScriptedTerminal
from tests.agent.configuring.drafts import logged_in
from tests.tds import PASSWORD as RIGHT
from tests.tds import USER, SqlServerStandIn


def chosen(near: FakeSurroundings, draft: Draft, *script: Line) -> tuple[Draft, str]:
    terminal = ScriptedTerminal(*script)
    found = ask_database(terminal, near, draft)
    assert terminal.is_done()
    return found, terminal.text


def test_a_login_that_fails_is_explained_and_asked_for_again(
    server: SqlServerStandIn, empty: Draft
) -> None:
    found, said = chosen(
        FakeSurroundings(),
        empty,
        ("SQL Server: ", server.server),
        ("Windows authentication", "n"),
        ("User name", USER),
        ("Password", "Hush"),
        (f"for others) [{server.server}]", ""),
        ("[y/N]", ""),
        (f"User name in SQL Server [{USER}]", ""),
        ("Enter keeps the one from before", RIGHT),
        ("Database", "1"),
    )
    assert found.text(PASSWORD) == RIGHT
    assert found.text("database.database") == "Shop"
    assert "✗" in said
    assert "refuses the login" in said
    assert "None was found" in said
    assert "Hush" not in said


def test_other_servers_can_be_searched_for(server: SqlServerStandIn, empty: Draft) -> None:
    draft = logged_in(server, empty, server="old-pc")
    found, said = chosen(
        FakeSurroundings([server.server]),
        draft,
        ("searches for others", "?"),
        ("SQL Server (a number", "1"),
        ("Windows authentication", ""),
        ("User name", ""),
        ("Password", ""),
        ("Database (a number, or type another) [Shop]", ""),
    )
    assert found.text("database.server") == server.server
    assert "Searching" in said


def test_the_stored_password_needs_not_be_typed(server: SqlServerStandIn, empty: Draft) -> None:
    store_password(empty.file, login_name_of(USER, server.server), RIGHT)
    draft = logged_in(server, empty).answered({PASSWORD: None})
    found, _ = chosen(
        FakeSurroundings(),
        draft,
        ("searches", ""),
        ("Windows authentication", ""),
        ("User name", ""),
        ("Enter keeps the one from before", ""),
        ("Database", ""),
    )
    assert found.text(PASSWORD) == RIGHT


def test_a_windows_login_leaves_no_user_and_no_password(
    server: SqlServerStandIn, empty: Draft
) -> None:
    class Anyone(FakeSurroundings):
        def databases(self, login: Login) -> list[str]:
            assert login.user is None
            return []

        def tables(self, login: Login) -> list[FoundTable]:
            assert login.database == "Shop"
            return []

    found, said = chosen(
        Anyone(),
        logged_in(server, empty),
        ("searches", ""),
        ("Windows authentication", "y"),
        ("Database", "Shop"),
    )
    assert found.text("database.authentication") == "windows"
    assert found.text("database.username") is None
    assert found.text(PASSWORD) is None
    assert "may open no database" in said


@pytest.mark.parametrize(
    ("key", "value"),
    [("connection_string", "Server=x;Database=Shop"), ("sqlite", "shop.db")],
)
def test_another_kind_of_database_can_be_kept(empty: Draft, key: str, value: str) -> None:
    draft = empty.answered({f"database.{key}": value})
    found, _ = chosen(FakeSurroundings(), draft, ("Keep", ""))
    assert found == draft


def test_a_sqlite_file_is_a_hidden_answer(empty: Draft) -> None:
    found, _ = chosen(FakeSurroundings(), empty, ("SQL Server", "sqlite:shop.db"))
    assert found.text("database.sqlite") == str(empty.file.parent / "shop.db")


def test_a_database_that_is_not_there_is_asked_for_again(
    server: SqlServerStandIn, empty: Draft
) -> None:
    found, said = chosen(
        FakeSurroundings(),
        logged_in(server, empty),
        ("searches", ""),
        ("Windows authentication", ""),
        ("User name", ""),
        ("Password", ""),
        ("Database (a number, or type another) [Shop]", "Nope"),
        ("Database (a number, or type another) [Shop]", ""),
    )
    assert found.text("database.database") == "Shop"
    assert "has no database “Nope”" in said
    assert "in the settings" not in said


def test_who_goes_back_from_the_login_comes_to_the_server(
    server: SqlServerStandIn, empty: Draft
) -> None:
    terminal = ScriptedTerminal(
        ("searches", ""),
        ("Windows authentication", ""),
        ("User name", "anna"),
        ("Password", BACK),
        ("searches", ""),
        ("Windows authentication", ""),
        ("User name in SQL Server [shop]", ""),
        ("Password", ""),
        ("Database", BACK),
        ("searches", BACK),
    )
    with pytest.raises(BackError):
        ask_database(Reversible(terminal), FakeSurroundings(), logged_in(server, empty))
    assert terminal.is_done()
