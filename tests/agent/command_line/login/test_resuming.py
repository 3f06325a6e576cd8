"""After a login, the run that the expired one stopped is offered to be resumed."""

from collections.abc import Callable

import pytest
from azure.storage.blob import BlobServiceClient

from agent.showing import shown_run
from dev.digible.api import EMAIL, PASSWORD
from tests.agent.command_line.login.shop import RUN, STDIN, Person, Shop, expired_run, requests


def test_without_a_terminal_the_command_that_resumes_is_printed(
    shop: Shop, service: BlobServiceClient
) -> None:
    expired_run(shop, service)
    code, out, err = shop.run(*STDIN)
    assert (code, err) == (0, "")
    assert "because the login had expired: 400 of 1,000 products were accepted." in out
    assert out.endswith(f"To resume it: shopmaster resume {shown_run(RUN)}\n")
    assert requests(shop, service) == []


@pytest.mark.parametrize(
    ("answer", "is_resumed"), [("", True), ("y", True), ("n", False)], ids=["enter", "yes", "no"]
)
def test_with_a_terminal_it_is_a_question(
    shop: Shop,
    service: BlobServiceClient,
    person: Callable[..., Person],
    answer: str,
    is_resumed: bool,
) -> None:
    expired_run(shop, service)
    somebody = person(EMAIL, PASSWORD, answer)
    code, out, _ = shop.run()
    assert code == 0
    assert somebody.asked[-1] == "Resume it now? [Y/n] "
    assert requests(shop, service) == ([f"{shop.store}/{RUN}.resume"] if is_resumed else [])
    assert ("shopmaster status" in out) is is_resumed
    assert ("shopmaster resume" in out) is not is_resumed


def test_ctrl_c_at_the_last_question_keeps_the_new_token(
    shop: Shop, service: BlobServiceClient, person: Callable[..., Person]
) -> None:
    expired_run(shop, service)
    person(EMAIL, PASSWORD, KeyboardInterrupt())
    code, _, err = shop.run()
    assert (code, err) == (130, "Stopped. The new login is stored.\n")
    assert shop.token


def test_without_such_a_run_nothing_is_offered(
    shop: Shop, service: BlobServiceClient, person: Callable[..., Person]
) -> None:
    somebody = person(EMAIL, PASSWORD)
    code, out, err = shop.run()
    assert (code, err) == (0, "")
    assert "resume" not in out.lower()
    assert len(somebody.asked) == 2


def test_a_login_succeeds_although_nobody_knows_whether_a_run_waits_for_it(shop: Shop) -> None:
    account = "http://127.0.0.1:9/x?sig=c2VjcmV0&ss=b"
    shop.monkeypatch.setattr("agent.storage.service._PATIENCE", 0.0)
    shop.monkeypatch.setattr("agent.storage.service._PAUSES", (0.0,))
    shop.settings(f'[storage]\naccount_url = "{account}"\n[digible]\ntoken_file = "token"\n')
    code, out, err = shop.run(*STDIN)
    assert code == 0
    assert "Logged in." in out
    assert err.startswith("Whether an upload waits for this login is not known. The run records")
    assert "c2VjcmV0" not in err
