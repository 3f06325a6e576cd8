"""The questions about the store's name, the storage, the sign-in and the token."""

import pytest

from agent.configuring.asking_cloud import ask_storage, ask_store, ask_token
from agent.configuring.draft import Draft
from agent.configuring.going_back import BACK, Reversible
from tests.agent.configuring.conversation import FakeSurroundings, Line, ScriptedTerminal
from tests.agent.configuring.drafts import SAS


def test_a_wrong_name_of_the_store_is_asked_for_again(empty: Draft) -> None:
    terminal = ScriptedTerminal(("store", "Shop 1"), ("store", ""), ("store", "shop-1"))
    assert ask_store(terminal, empty).text("store") == "shop-1"
    assert "✗ That name is not a store name" in terminal.text


@pytest.fixture
def whole(empty: Draft) -> Draft:
    """Return a draft that lacks only the cloud."""
    return empty.answered({"store": "0001", "database.sqlite": "x.db", "database.table": "T"})


def test_a_storage_account_without_a_key_needs_a_sign_in(whole: Draft) -> None:
    terminal = ScriptedTerminal(
        ("Storage account", "shops"),
        ("Storage account", "http://shops.blob.core.windows.net"),
        ("Storage account", "https://shops.blob.core.windows.net"),
        ("Sign-in (a number) [1]", "2"),
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
    again: list[Line] = [("Enter keeps it", ""), ("Sign-in", "arc")]
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
        ("Key Vault", "nope.vault.azure.net"),
        ("[none]", "https://nope.vault.azure.net"),
        ("Sign-in", BACK),
        ("[https://nope.vault.azure.net]", ""),
        ("Sign-in", "arc"),
        ("Keep", BACK),
        ("[https://nope.vault.azure.net]", "https://shops.vault.azure.net"),
    )
    found = ask_token(Reversible(terminal), near, draft)
    assert found.text("key_vault.url") == "https://shops.vault.azure.net"
    assert "✓ There is no token yet." in terminal.text
    assert "✗ What you typed is not a web address" in terminal.text


def test_a_token_file_stays(whole: Draft) -> None:
    draft = whole.answered({"storage.account_url": SAS, "digible.token_file": "token"})
    terminal = ScriptedTerminal()
    assert ask_token(terminal, FakeSurroundings(), draft) == draft
    assert "✓" in terminal.text


def test_who_goes_back_from_the_sign_in_comes_to_the_account(whole: Draft) -> None:
    terminal = ScriptedTerminal(
        ("Storage account", "https://shops.blob.core.windows.net"),
        ("Sign-in", BACK),
        ("Storage account", SAS),
    )
    draft = ask_storage(Reversible(terminal), FakeSurroundings(), whole)
    assert draft.text("storage.account_url") == SAS


def test_no_sign_in_is_left_that_nothing_needs(whole: Draft) -> None:
    """It would say that this computer signs in, which it doesn't."""
    terminal = ScriptedTerminal(
        ("Storage account", "https://shops.blob.core.windows.net"),
        ("Sign-in", "arc"),
        ("Keep", ""),
        ("Storage account", SAS),
        ("Key Vault from your operator, or none [none]", "https://shops.vault.azure.net"),
        ("Sign-in", "developer"),
        ("Keep", ""),
        ("Key Vault from your operator, or none [https://shops.vault.azure.net]", "none"),
    )
    draft = ask_storage(terminal, FakeSurroundings(refusals=iter(["No right."])), whole)
    assert draft.text("azure.sign_in") is None
    draft = ask_token(terminal, FakeSurroundings(refusals=iter(["No such vault."])), draft)
    assert terminal.is_done()
    assert [key for key in draft.entries if key.startswith(("azure.", "key_vault."))] == []
