"""The questions about the table: the owner sees its first products, and corrects what is wrong."""

import pytest

from agent.configuring.asking_table import ask_table
from agent.configuring.draft import Draft
from agent.configuring.going_back import BACK, BackError, Reversible
from agent.configuring.named import COLUMNS
from agent.errors import DatabaseError, DatabaseProblem
from agent.sqlserver.exploring import FoundTable
from agent.sqlserver.login import Login
from tests.agent.configuring.conversation import FakeSurroundings, Line, ScriptedTerminal
from tests.agent.configuring.drafts import logged_in
from tests.agent.shops import make_shop, products
from tests.tds import SqlServerStandIn


def tabled(near: FakeSurroundings, draft: Draft, *script: Line) -> tuple[Draft, str]:
    terminal = ScriptedTerminal(*script)
    found = ask_table(Reversible(terminal), near, draft)
    assert terminal.is_done()
    return found, terminal.text


def columns(draft: Draft) -> list[str | None]:
    return [draft.text(key) for key in COLUMNS]


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


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (("ProductName", "ProductName", "CostPrice"), ["ProductName", "ProductName", "CostPrice"]),
        (("ProductID", "x" * 200, "CostPrice"), ["ProductID", "ProductName", "SellPrice"]),
    ],
    ids=["columns", "what can't be one"],
)
def test_what_was_set_before_is_offered_first(
    server: SqlServerStandIn, empty: Draft, before: tuple[str, str, str], now: list[str]
) -> None:
    """A column that can't be one is guessed anew, with the others."""
    set_before = logged_in(server, empty, table="dbo.Products").answered(
        dict(zip(COLUMNS, before, strict=True))
    )
    draft, _ = tabled(FakeSurroundings(), set_before, ("[dbo.Products]", ""), ("Are these", ""))
    assert columns(draft) == now


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


def test_a_table_that_is_not_there_is_asked_for_again_at_once(
    server: SqlServerStandIn, empty: Draft
) -> None:
    """Its columns are no question then, and the wrong name is not offered again."""
    draft, said = tabled(
        FakeSurroundings(),
        logged_in(server, empty, table="dbo.Nope"),
        ("Table with the products (a number, or type another) [dbo.Nope]", ""),
        ("[dbo.Products]", ""),
        ("Are these", ""),
    )
    assert draft.text("database.table") == "dbo.Products"
    assert "has no table dbo.Nope" in said
    assert "in the settings" not in said


def test_a_name_that_sqlite_cannot_have_loses_no_answer(empty: Draft) -> None:
    file = make_shop(empty.file.parent / "shop.db", products(3))
    draft = empty.answered({"database.sqlite": str(file)})
    script: list[Line] = [
        ("Table", f"{'a' * 100}.{'b' * 100}"),
        ("Is it", "n"),
        ("Table", "Products"),
        ("Are these", ""),
    ]
    found, said = tabled(FakeSurroundings(), draft, *script)
    assert found.text("database.table") == "Products"
    assert "✗" in said


def test_who_goes_back_from_the_columns_comes_to_the_table(
    server: SqlServerStandIn, empty: Draft
) -> None:
    script: list[Line] = [
        ("Table", "dbo.Orders"),
        ("id", BACK),
        ("Table", "dbo.Products"),
        ("Are these", BACK),
        ("[dbo.Products]", BACK),
    ]
    with pytest.raises(BackError):
        tabled(FakeSurroundings(), logged_in(server, empty), *script)
