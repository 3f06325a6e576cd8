"""The questions of `configure`: found answers are offered, each one is tried, and any can be corrected."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from agent.configuring.asking_cloud import ask_storage, ask_store, ask_token
from agent.configuring.asking_server import Chosen, ask_database
from agent.configuring.asking_table import ask_table
from agent.configuring.draft import PASSWORD, Draft
from agent.configuring.interview import interview
from agent.configuring.named import login_of
from agent.errors import DatabaseError, DatabaseProblem, SettingsError, StoppedError
from agent.passwords import login_name_of, store_password
from agent.sqlserver.exploring import FoundTable
from agent.sqlserver.login import Login
from tests.agent.configuring.conversation import FakeSurroundings, Line, ScriptedTerminal
from tests.agent.shops import make_shop, products
from tests.tds import PASSWORD as RIGHT
from tests.tds import USER, SqlServerStandIn, Table

PRODUCTS = Table(
    "Products",
    {
        "ProductID": "varchar(25)",
        "ProductName": "varchar(75)",
        "SellPrice": "numeric(18,2)",
        "CostPrice": "numeric(18,2)",
    },
    [(f"P{number}", f"Café {number}", Decimal("12.50"), Decimal("7.10")) for number in range(7)],
)
ORDERS = Table("Orders", {"OrderID": "int", "Amount": "money"}, [(1, Decimal(5))])
EMPTY = Table("Empty", {"ProductID": "int", "ProductName": "varchar(9)", "SellPrice": "money"})
SAS = "https://shops.blob.core.windows.net/?ss=b&sig=Hush"


@pytest.fixture
def server() -> Iterator[SqlServerStandIn]:
    with SqlServerStandIn([ORDERS, PRODUCTS, EMPTY]) as stand_in:
        yield stand_in


@pytest.fixture
def empty(tmp_path: Path) -> Draft:
    return Draft({}, tmp_path / "shopmaster.toml")


def answered(draft: Draft) -> dict[str, object]:
    return {key: entry.value for key, entry in draft.entries.items()}


def logged_in(server: SqlServerStandIn, draft: Draft, /, **more: str) -> Draft:
    more_answers: dict[str, str | None] = {f"database.{key}": value for key, value in more.items()}
    return draft.answered(
        {
            "database.server": server.server,
            "database.authentication": "sql",
            "database.username": USER,
            "database.database": "Shop",
            PASSWORD: RIGHT,
            **more_answers,
        }
    )


# All of it.


def test_an_owner_who_takes_what_is_found_has_little_to_type(
    server: SqlServerStandIn, empty: Draft
) -> None:
    terminal = ScriptedTerminal(
        ("Name of the store", "0001"),
        ("SQL Server (a number", "2"),
        ("(Windows authentication)? [y/N]", ""),
        ("User name", USER),
        ("Password of shop", RIGHT),
        ("Database (a number", ""),
        ("Table with the products", ""),
        ("Are these your products", ""),
        ("Storage account", SAS),
        ("Key Vault", ""),
    )
    near = FakeSurroundings([r"localhost\OTHER", server.server])
    draft = interview(terminal, near, empty)
    assert terminal.is_done()
    assert answered(draft) == {
        "store": "0001",
        "database.server": server.server,
        "database.authentication": "sql",
        "database.username": USER,
        PASSWORD: RIGHT,
        "database.database": "Shop",
        "database.table": "dbo.Products",
        "columns.product_id": "ProductID",
        "columns.product_name": "ProductName",
        "columns.sell_price": "SellPrice",
        "storage.account_url": SAS,
    }
    assert "P0                        Café 0                                12.50" in terminal.text
    assert terminal.text.count("12.50") == 5
    assert RIGHT not in terminal.text
    assert "Hush" not in terminal.text


@pytest.mark.parametrize("end", [KeyboardInterrupt, EOFError])
@pytest.mark.parametrize(
    "asked", ["Name of the store", "SQL Server", "Windows authentication", "Password"]
)
def test_whoever_stops_changes_nothing(
    server: SqlServerStandIn, empty: Draft, end: type[BaseException], asked: str
) -> None:
    whole: list[Line] = [
        ("Name of the store", "0001"),
        ("SQL Server", server.server),
        ("Windows authentication", "n"),
        ("User name", USER),
        ("Password", RIGHT),
    ]
    at = next(number for number, (question, _) in enumerate(whole) if question == asked)
    script = [*whole[:at], (asked, end)]
    with pytest.raises(StoppedError, match="No settings were written"):
        interview(ScriptedTerminal(*script), FakeSurroundings(), empty)
    empty.file.write_text("old", encoding="utf-8")
    with pytest.raises(StoppedError, match="is as it was"):
        interview(ScriptedTerminal(*script), FakeSurroundings(), empty)
    assert empty.file.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("database.tables", "T", "did you mean `database.table`"),
        ("digible.api_url", "http://digible.invalid", "use https://"),
    ],
)
def test_a_wrong_setting_that_is_not_asked_for_is_named_before_any_question(
    empty: Draft, key: str, value: str, said: str
) -> None:
    """Otherwise every answer would be lost at the end."""
    with pytest.raises(SettingsError, match=said):
        interview(ScriptedTerminal(), FakeSurroundings(), empty.answered({key: value}))


# The store.


def test_a_wrong_name_of_the_store_is_asked_for_again(empty: Draft) -> None:
    terminal = ScriptedTerminal(("store", "Shop 1"), ("store", ""), ("store", "shop-1"))
    assert ask_store(terminal, empty).text("store") == "shop-1"
    assert "✗ That name is not a store name" in terminal.text


# The server.


def chosen(near: FakeSurroundings, draft: Draft, *script: Line) -> tuple[Chosen, str]:
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
        ("nothing for the one that is stored", RIGHT),
        ("Database", "1"),
    )
    assert found.draft.text(PASSWORD) == RIGHT
    assert found.login is not None
    assert found.login.database == "Shop"
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
    assert found.draft.text("database.server") == server.server
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
        ("nothing for the one that is stored", ""),
        ("Database", ""),
    )
    assert found.draft.text(PASSWORD) == RIGHT


def test_a_windows_login_leaves_no_user_and_no_password(
    server: SqlServerStandIn, empty: Draft
) -> None:
    class Anyone(FakeSurroundings):
        def databases(self, login: Login) -> list[str]:
            assert login.user is None
            return []

    found, said = chosen(
        Anyone(),
        logged_in(server, empty),
        ("searches", ""),
        ("Windows authentication", "y"),
        ("Database", "Shop"),
    )
    assert found.draft.text("database.authentication") == "windows"
    assert found.draft.text("database.username") is None
    assert found.draft.text(PASSWORD) is None
    assert "may open no database" in said


@pytest.mark.parametrize(
    ("key", "value"),
    [("connection_string", "Server=x;Database=Shop"), ("sqlite", "shop.db")],
)
def test_another_kind_of_database_can_be_kept(empty: Draft, key: str, value: str) -> None:
    draft = empty.answered({f"database.{key}": value})
    found, _ = chosen(FakeSurroundings(), draft, ("Keep", ""))
    assert found.draft == draft
    assert (found.login is None) == (key == "sqlite")


def test_a_sqlite_file_is_a_hidden_answer(empty: Draft) -> None:
    found, _ = chosen(FakeSurroundings(), empty, ("SQL Server", "sqlite:shop.db"))
    assert found.login is None
    assert found.draft.text("database.sqlite") == str(empty.file.parent / "shop.db")


# The table.


def tabled(near: FakeSurroundings, draft: Draft, *script: Line) -> tuple[Draft, str]:
    terminal = ScriptedTerminal(*script)
    login = login_of(draft) if draft.text("database.sqlite") is None else None
    found = ask_table(terminal, near, draft, login)
    assert terminal.is_done()
    return found, terminal.text


def columns(draft: Draft) -> list[str | None]:
    names = ("product_id", "product_name", "sell_price")
    return [draft.text(f"columns.{name}") for name in names]


def test_wrong_columns_can_be_corrected(server: SqlServerStandIn, empty: Draft) -> None:
    draft, said = tabled(
        FakeSurroundings(),
        logged_in(server, empty),
        ("Table with the products", ""),
        ("Are these your products", "n"),
        ("Is it the right table", ""),
        ("id", ""),
        ("name", ""),
        ("price", "2"),
        ("Are these your products", "y"),
    )
    assert columns(draft) == ["ProductID", "ProductName", "CostPrice"]
    assert "  2. CostPrice" in said
    assert "7.10" in said


def test_a_wrong_table_can_be_corrected(server: SqlServerStandIn, empty: Draft) -> None:
    draft, said = tabled(
        FakeSurroundings(),
        logged_in(server, empty),
        ("Table with the products", "dbo.Orders"),
        ("id", "OrderID"),
        ("name", "[Nope]"),
        ("price", "Amount"),
        ("Is it the right table", "n"),
        ("Table", "a..b.c.d"),
        ("Table", "dbo.Products"),
        ("Are these", ""),
    )
    assert draft.text("database.table") == "dbo.Products"
    assert "has no column Nope" in said
    assert "✗ That name" in said


def test_an_empty_table_is_taken_only_if_the_owner_insists(
    server: SqlServerStandIn, empty: Draft
) -> None:
    script: list[Line] = [("Table", "dbo.Empty"), ("Take it all the same? [y/N]", "y")]
    draft, _ = tabled(FakeSurroundings(), logged_in(server, empty), *script)
    assert draft.text("database.table") == "dbo.Empty"
    again = [("Table", "dbo.Empty"), ("Take", ""), ("Table", "dbo.Products"), ("Are these", "")]
    draft, _ = tabled(FakeSurroundings(), logged_in(server, empty), *again)
    assert draft.text("database.table") == "dbo.Products"


def test_what_was_set_before_is_offered_first(server: SqlServerStandIn, empty: Draft) -> None:
    before = logged_in(server, empty, table="dbo.Products").answered(
        {
            "columns.product_id": "ProductName",
            "columns.product_name": "ProductName",
            "columns.sell_price": "CostPrice",
        }
    )
    draft, _ = tabled(FakeSurroundings(), before, ("[dbo.Products]", ""), ("Are these", ""))
    assert columns(draft) == ["ProductName", "ProductName", "CostPrice"]


def test_tables_that_cannot_be_listed_can_be_named(server: SqlServerStandIn, empty: Draft) -> None:
    """A login with rights on three columns may see no table at all."""

    def denied(_login: Login) -> list[FoundTable]:
        raise DatabaseError(DatabaseProblem.DENIED, "Denied.", "Ask.")

    def nothing(_login: Login) -> list[FoundTable]:
        return []

    for tables in (denied, nothing):
        near = FakeSurroundings(tables_of=tables)
        draft, _ = tabled(near, logged_in(server, empty), ("[Products]", ""), ("Are these", ""))
        assert draft.text("database.table") == "Products"


def test_a_sqlite_file_is_read_as_well(empty: Draft) -> None:
    file = make_shop(empty.file.parent / "shop.db", products(3))
    draft = empty.answered({"database.sqlite": str(file)})
    found, said = tabled(FakeSurroundings(), draft, ("Table", ""), ("Are these", ""))
    assert found.text("database.table") == "Products"
    assert "Product 1" in said


# The cloud.


@pytest.fixture
def whole(empty: Draft) -> Draft:
    """Return a draft that lacks only the cloud."""
    return empty.answered({"store": "0001", "database.sqlite": "x.db", "database.table": "T"})


def test_a_storage_account_without_a_key_needs_a_sign_in(whole: Draft) -> None:
    terminal = ScriptedTerminal(
        ("Storage account", "shops"),
        ("Storage account", "http://shops.blob.core.windows.net"),
        ("Storage account", "https://shops.blob.core.windows.net"),
        ("Sign-in", "2"),
    )
    draft = ask_storage(terminal, FakeSurroundings(), whole)
    assert draft.text("azure.sign_in") == "managed_identity"
    assert "is not a connection string" in terminal.text
    assert "use https://" in terminal.text
    assert "✓ A catalogue can be uploaded there." in terminal.text


def test_a_certificate_needs_three_more_answers(whole: Draft) -> None:
    script: list[Line] = [
        ("Storage account", "https://shops.blob.core.windows.net"),
        ("Sign-in", "smoke signals"),
        ("Sign-in", "certificate"),
        ("Tenant", "t"),
        ("Client", "c"),
        ("Path", "sign-in.pem"),
    ]
    draft = ask_storage(ScriptedTerminal(*script), FakeSurroundings(), whole)
    assert draft.text("azure.certificate") == "sign-in.pem"
    # Another way has no use for them.
    again: list[Line] = [("nothing keeps what is there", ""), ("Sign-in", "arc")]
    draft = ask_storage(ScriptedTerminal(*again), FakeSurroundings(), draft)
    assert [key for key in draft.entries if key.startswith("azure.")] == ["azure.sign_in"]


def test_a_refusal_is_shown_and_can_be_overruled(whole: Draft) -> None:
    """The right may be given later, by another person."""
    near = FakeSurroundings(refusals=iter(["No right.", "Still no right."]))
    terminal = ScriptedTerminal(
        ("Storage account", SAS), ("Keep", ""), ("Storage account", ""), ("Keep", "y")
    )
    draft = ask_storage(terminal, near, whole)
    assert draft.text("storage.account_url") == SAS
    assert terminal.text.count("✗") == 2


def test_the_token_is_looked_up_where_it_will_be(whole: Draft) -> None:
    draft = whole.answered({"storage.account_url": SAS})
    near = FakeSurroundings(refusals=iter(["No such vault."]))
    terminal = ScriptedTerminal(
        ("Key Vault", "https://nope.vault.azure.net"),
        ("Sign-in", "arc"),
        ("Keep", "n"),
        ("[https://nope.vault.azure.net]", "https://shops.vault.azure.net"),
    )
    found = ask_token(terminal, near, draft)
    assert found.text("key_vault.url") == "https://shops.vault.azure.net"
    assert "✓ There is no token yet." in terminal.text


def test_a_token_file_stays(whole: Draft) -> None:
    draft = whole.answered({"storage.account_url": SAS, "digible.token_file": "token"})
    terminal = ScriptedTerminal()
    assert ask_token(terminal, FakeSurroundings(), draft) == draft
    assert "✓" in terminal.text
