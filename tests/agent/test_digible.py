"""The login at Digible: what its answer means, and where the password goes."""

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from agent import digible
from agent.digible import LoggedIn, log_in, read_answer
from agent.errors import LoginError
from dev.digible.api import EMAIL, PASSWORD
from dev.digible.stand_in import DigibleStandIn
from dev.tokens import local_token
from tests.odd_server import OddServer, always, http

SECRET = "Hush+Hush/0815="


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def problem(url: str) -> LoginError:
    with pytest.raises(LoginError) as caught:
        log_in(url, EMAIL, SECRET)
    error = caught.value
    assert str(error).startswith("Nobody was logged in: ")
    assert error.remedy
    assert SECRET not in f"{error!r} {error.__cause__!r}"
    return error


def test_the_right_password_gives_a_token_and_its_expiry() -> None:
    with DigibleStandIn() as stand_in:
        found = log_in(stand_in.url, EMAIL, PASSWORD)
    assert found.message == "Login successful"
    assert found.expires_on is not None
    assert abs(found.expires_on - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=1)
    assert found.token not in repr(found)


def test_a_wrong_password_is_refused_in_digibles_words() -> None:
    with DigibleStandIn() as stand_in:
        error = problem(stand_in.url)
    assert error.cause.endswith(
        "Digible refuses the e-mail or the password (HTTP 401): “Wrong email or password”."
    )


def test_the_request_is_what_digible_expects() -> None:
    answer = {"message": "ok", "data": {"token": "abc"}}
    with OddServer(always(http(200, json.dumps(answer).encode()))) as server:
        found = log_in(server.url, EMAIL, SECRET)
    assert found == LoggedIn("abc", None, "ok")
    (request,) = server.requests
    assert request.line == "POST /v1/business/account/auth/login HTTP/1.1"
    assert json.loads(request.body) == {"email": EMAIL, "password": SECRET}
    assert request.header("Content-Type") == "application/json"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "refuses the e-mail or the password (HTTP 400)"),
        (403, "refuses the e-mail or the password (HTTP 403)"),
        (404, "answers oddly (HTTP 404)"),
        (429, "too many have tried (HTTP 429)"),
        (503, "it is busy or in trouble (HTTP 503)"),
    ],
)
def test_each_refusal_is_explained(status: int, words: str) -> None:
    with pytest.raises(LoginError) as caught:
        read_answer(status, b"<html>no</html>", SECRET)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "sends no JSON"),
        (b"<html>Sign in to this Wi-Fi</html>", "sends no JSON"),
        (b"[" * 100_000, "sends no JSON"),
        (b'"abc"', "sends no JSON"),
        (b"{}", "sent no token"),
        (b'{"data": null}', "sent no token"),
        (b'{"data": {"token": ""}}', "sent no token"),
        (b'{"data": {"token": 5}}', "sent no token"),
        (b'{"data": {"token": "a\\nb"}}', "sent no token"),
        (b'{"message": "Verify your e-mail first."}', "no token: “Verify your e-mail first”."),
    ],
)
def test_an_answer_without_a_token_is_explained(body: bytes, words: str) -> None:
    with pytest.raises(LoginError) as caught:
        read_answer(200, body, SECRET)
    assert words in str(caught.value)


def test_digibles_words_are_harmless_and_never_repeat_the_password() -> None:
    words = json.dumps({"message": f"\x1b[2JNo {SECRET} here" + "x" * 500}).encode()
    with pytest.raises(LoginError) as caught:
        read_answer(401, words, SECRET)
    assert SECRET not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_token_keeps_its_expiry_without_the_space_around_it() -> None:
    token = local_token(timedelta(hours=1))
    found = read_answer(200, json.dumps({"data": {"token": f" {token}\n"}}).encode(), SECRET)
    assert found.token == token
    assert found.expires_on is not None


@pytest.fixture
def elsewhere() -> Iterator[OddServer]:
    with OddServer(always(http(200, b'{"data": {"token": "abc"}}'))) as server:
        yield server


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_takes_the_password_nowhere(elsewhere: OddServer, status: int) -> None:
    with OddServer(always(http(status, b"", f"Location: {elsewhere.url}"))) as server:
        error = problem(server.url)
    assert "leads elsewhere" in error.cause
    assert not elsewhere.requests


def test_no_proxy_sees_a_password_that_is_not_encrypted(
    elsewhere: OddServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{elsewhere.port}")
    with DigibleStandIn() as stand_in:
        log_in(stand_in.url, EMAIL, PASSWORD)
    assert not elsewhere.requests


def test_no_other_password_is_added(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine localhost login me password mine", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    with OddServer(always(http(200, b'{"data": {"token": "abc"}}')), tls) as server:
        log_in(server.url, EMAIL, SECRET)
    assert server.requests[0].header("Authorization") is None


def test_a_replaced_certificate_is_explained() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(tls)
    with OddServer(always(http(200, b"{}")), tls) as server:
        error = problem(server.url)
    assert "doesn't trust its certificate" in error.cause
    assert not server.requests


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/v1", "Digible at 127.0.0.1:9 can't be reached"),
        ("https://digible.invalid/v1", "Digible at digible.invalid can't be found"),
    ],
)
def test_without_a_network_the_cause_is_named(url: str, words: str) -> None:
    error = problem(url)
    assert words in error.cause
    assert "digible.api_url" in error.remedy


def test_a_proxy_in_the_way_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://till:{SECRET.replace('/', '')}@127.0.0.1:9")
    error = problem("https://digible.invalid/v1")
    assert "the proxy 127.0.0.1:9, which HTTPS_PROXY names, doesn't answer" in error.cause
    assert "Hush" not in str(error)


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digible, "_ANSWER_SECONDS", 0.2)
    with OddServer(lambda _: iter(())) as server:
        assert "timed out" in problem(server.url).cause


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digible, "_LONGEST_ANSWER", 10_000)
    with OddServer(always(http(200, b" " * 1_000_000))) as server:
        assert "sends no JSON" in problem(server.url).cause
