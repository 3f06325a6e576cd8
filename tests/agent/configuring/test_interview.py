"""The questions of `configure`, all of them: who takes what is found has little to type, who stops changes nothing."""

import pytest

from agent.configuring.draft import PASSWORD, Draft
from agent.configuring.going_back import BACK
from agent.configuring.interview import interview
from agent.errors import SettingsError, StoppedError
from tests.agent.configuring.conversation import FakeSurroundings, Line, ScriptedTerminal
from tests.agent.configuring.drafts import SAS, answered
from tests.tds import PASSWORD as RIGHT
from tests.tds import USER, SqlServerStandIn


def test_an_owner_who_takes_what_is_found_has_little_to_type(
    server: SqlServerStandIn, empty: Draft
) -> None:
    terminal = ScriptedTerminal(
        ("Name of the store", "0001"),
        ("SQL Server (a number", "2"),
        ("(Windows authentication)?", "n"),  # on Windows it is yes if nothing is typed
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


def test_who_goes_back_keeps_the_other_answers(server: SqlServerStandIn, empty: Draft) -> None:
    terminal = ScriptedTerminal(
        ("Name of the store", BACK),  # there is nothing before it
        ("Name of the store", "0001"),
        ("SQL Server", server.server),
        ("(Windows authentication)?", "n"),
        ("User name", USER),
        ("Password of shop", RIGHT),
        ("Database (a number", ""),
        ("Table with the products", BACK),
        (f"SQL Server (? searches for others) [{server.server}]", BACK),
        ("Name of the store, from your operator, such as 0001 [0001]", "0002"),
        ("SQL Server (? searches", ""),
        ("(Windows authentication)? [y/N]", ""),
        (f"User name in SQL Server [{USER}]", ""),
        ("Enter keeps the one from before", ""),
        ("Database (a number, or type another) [Shop]", ""),
        ("Table with the products", ""),
        ("Are these your products", ""),
        ("Storage account", SAS),
        ("Key Vault", ""),
    )
    draft = interview(terminal, FakeSurroundings(), empty)
    assert terminal.is_done()
    assert draft.text("store") == "0002"
    assert draft.text(PASSWORD) == RIGHT
