"""What goes wrong in the interview is told without settings that aren't written yet."""

import pytest

from agent.configuring.wording import worded
from agent.errors import AgentError
from agent.sqlserver.messages import Complaint, Scene, cause_of, explained
from agent.sqlserver.table import TimeLimits


@pytest.mark.parametrize(
    ("complaint", "said"),
    [
        (
            Complaint("28000", frozenset({18456}), "(18456)"),
            "Check the user name and the password, and that this user may log in to SQL Server.",
        ),
        (
            Complaint("42000", frozenset({4060}), "(4060)"),
            "ask the person who looks after the database to give the user “shop” access to it.",
        ),
        (Complaint("42S02", frozenset({208}), "(208)"), "Correct the table."),
        (Complaint("42S22", frozenset({207}), "(207)"), "Correct the columns."),
        (
            Complaint("HYT00", frozenset({0}), "Login timeout expired"),
            "Check that its SQL Server service is running, and that the server is spelt correctly.",
        ),
        (
            Complaint("08001", frozenset({0}), "[Microsoft] SSL Provider"),
            "you can instead use `connection_string` in the settings, with TrustServerCertificate=yes.",
        ),
    ],
    ids=["login", "database", "table", "column", "server", "a way out"],
)
def test_what_is_wrong_with_the_database_is_told_as_of_an_answer(
    complaint: Complaint, said: str
) -> None:
    scene = Scene("shop-pc", "Shop", "Shop", "T", "the user “shop”", TimeLimits(), ())
    error = explained(cause_of(complaint, connecting=True), complaint, scene)
    assert worded(error).endswith(said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "write shop-pc,1433 as `server` in the settings.",
            "write shop-pc,1433.",
        ),
        (
            "or put the instance's port in the settings, as in `server = 'shop-pc,1433'`.",
            "or put the instance's port after its name, as in shop-pc,1433.",
        ),
        ("Ask for a new SAS and put it in the settings.", "Ask for a new SAS."),
        ("Copy all of it into the settings again.", "Copy all of it again."),
        (
            "Without Azure Arc, choose another azure.sign_in in the settings.",
            "Without Azure Arc, choose another sign-in.",
        ),
        (
            "Correct azure.client_id and azure.tenant_id in the settings: your operator has both.",
            "Correct the client id and the tenant id: your operator has both.",
        ),
        ("Run `az login`.", "Run `az login`."),
    ],
)
def test_a_remedy_says_what_to_answer(written: str, said: str) -> None:
    assert worded(AgentError("It fails.", written)) == f"It fails. {said}"
