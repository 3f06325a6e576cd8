"""The command `login` as a shop owner sees it: with a terminal and without one."""

import io
import json
import os
import re
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from agent.command_line import login as login_module
from agent.command_line.login_shown import login_sentence
from agent.command_line.main import main
from agent.digible import LoggedIn
from agent.token_store.file import FileTokens
from agent.token_store.vault import VaultTokens
from contract.blobs import CATALOGS, RUNS, RunId, StoreName, run_record_name
from contract.run import RunState
from contract.run_record import encode_run
from dev.digible.api import EMAIL, PASSWORD
from dev.digible.stand_in import DigibleStandIn
from tests.agent.shops import NOW, clean_environment, make_run
from tests.key_vault import KeyVaultStandIn
from tests.loopback import python_path

ROOT = Path(__file__).resolve().parents[3]
RUN = RunId("20261123T120000Z-1a2b3c4d.8DC12")
STDIN = ("--email", EMAIL, "--password-stdin")


@dataclass
class Shop:
    """A shop whose settings file is in the current folder, and what its agent prints."""

    store: StoreName
    folder: Path
    digible: DigibleStandIn
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def settings(self, more: str = '[digible]\ntoken_file = "token"\n') -> None:
        text = f'store = "{self.store}"\n[database]\nsqlite = "shop.db"\ntable = "Products"\n{more}'
        if "[digible]" in text:
            text = text.replace("[digible]", f'[digible]\napi_url = "{self.digible.url}"')
        else:
            text += f'[digible]\napi_url = "{self.digible.url}"\n'
        (self.folder / "shopmaster.toml").write_text(text, encoding="utf-8")
        (self.folder / "shopmaster.toml").chmod(0o600)

    def run(self, *arguments: str, stdin: str = f"{PASSWORD}\n") -> tuple[int, str, str]:
        """Run the agent without a terminal; return its exit code and what it printed."""
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main(["login", *arguments])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        assert PASSWORD not in said.err + said.out
        return code, said.out, said.err

    @property
    def token(self) -> str:
        return (self.folder / "token").read_text(encoding="utf-8").strip()


@pytest.fixture
def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("agent.settings.file.machine_wide_file", lambda _: tmp_path / "no.toml")
    with DigibleStandIn() as digible:
        found = Shop(StoreName(uuid.uuid4().hex), tmp_path, digible, capsys, monkeypatch)
        found.settings()
        yield found


@dataclass
class Person:
    """Answers the questions of a terminal."""

    answers: list[str | BaseException]
    asked: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def say(self, text: str = "") -> None:
        print(text)

    def ask(self, question: str) -> str:
        self.asked.append(question)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def ask_hidden(self, question: str) -> str:
        self.hidden.append(question)
        return self.ask(question)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Person]:
    def sits_there(*answers: str | BaseException) -> Person:
        person = Person(list(answers))
        monkeypatch.setattr(login_module, "Console", lambda: person)
        monkeypatch.setattr(login_module, "has_terminal", lambda: True)
        return person

    return sits_there


def test_a_login_without_a_terminal_stores_the_token_and_says_until_when(shop: Shop) -> None:
    code, out, err = shop.run(*STDIN)
    assert (code, err) == (0, "")
    assert shop.token.count(".") == 2
    until = (datetime.now(UTC) + timedelta(days=1)).astimezone()
    assert "Logged in. Digible says: “Login successful”." in out
    assert f"The token is in the file {shop.folder / 'token'} and holds until" in out
    assert f"{until:%Y-%m-%d}" in out
    assert "(23 hours)" in out
    assert shop.token not in out
    if sys.platform != "win32":
        assert stat.S_IMODE((shop.folder / "token").stat().st_mode) == 0o600


@pytest.mark.parametrize("stdin", [f"\ufeff{PASSWORD}\r\n", f"{PASSWORD}", f"{PASSWORD}\nmore\n"])
def test_the_password_is_the_first_line_however_it_is_piped(shop: Shop, stdin: str) -> None:
    assert shop.run(*STDIN, stdin=stdin)[0] == 0


def test_with_a_terminal_the_password_is_asked_for_without_showing_it(
    shop: Shop, person: Callable[..., Person]
) -> None:
    somebody = person(EMAIL, PASSWORD)
    assert shop.run()[0] == 0
    assert somebody.asked == ["E-mail at Digible: ", "Password (not shown): "]
    assert somebody.hidden == ["Password (not shown): "]


def test_a_given_e_mail_is_not_asked_for(shop: Shop, person: Callable[..., Person]) -> None:
    somebody = person(PASSWORD)
    assert shop.run("--email", EMAIL)[0] == 0
    assert somebody.asked == ["Password (not shown): "]


def test_a_wrong_password_leaves_the_old_token(shop: Shop) -> None:
    (shop.folder / "token").write_text("older", encoding="utf-8")
    code, out, err = shop.run(*STDIN, stdin="wrong-one\n")
    assert (code, out) == (1, "")
    assert err.startswith("Error: Nobody was logged in: Digible refuses the e-mail or the password")
    assert "wrong-one" not in err
    assert shop.token == "older"


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        ((), "", "There is no terminal here"),
        (("--email", EMAIL), "", "There is no terminal here"),
        (("--password-stdin",), PASSWORD, "--password-stdin needs --email"),
        (STDIN, "", "The password is empty"),
        (("--email", " ", "--password-stdin"), PASSWORD, "The e-mail address is empty"),
    ],
)
def test_what_is_missing_is_a_wrong_usage(
    shop: Shop, arguments: tuple[str, ...], stdin: str, words: str
) -> None:
    code, out, err = shop.run(*arguments, stdin=stdin)
    assert (code, out) == (2, "")
    assert words in err
    assert not (shop.folder / "token").exists()


def test_a_password_is_never_typed_where_it_shows(shop: Shop) -> None:
    class Typed(io.StringIO):
        def isatty(self) -> bool:
            return True

    shop.monkeypatch.setattr("sys.stdin", Typed(PASSWORD))
    assert main(["login", *STDIN]) == 2
    assert "on which the password would show" in shop.capsys.readouterr().err


def test_a_token_for_ever_is_described_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")  # where that moment is in the year 10000
    if sys.platform != "win32":
        time.tzset()
    try:
        found = LoggedIn("abc", datetime(9999, 12, 31, 23, 59, tzinfo=UTC), "")
        assert "until 9999-12-31 23:59" in login_sentence(found, "there", datetime.now(UTC))
    finally:
        monkeypatch.undo()
        if sys.platform != "win32":
            time.tzset()


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=9, hours=5), "holds until 2026-12-02 17:00 (9 days)"),
        (timedelta(days=1), "(1 day)"),
        (timedelta(hours=2), "(2 hours)"),
        (timedelta(minutes=5), "(less than an hour)"),
        (timedelta(minutes=-5), "has already expired, on 2026-11-23 11:55. Check this computer's"),
        (None, "when it expires is not known"),
    ],
)
def test_until_when_a_login_holds_is_said(left: timedelta | None, words: str) -> None:
    expires_on = None if left is None else (NOW + left).astimezone(UTC)
    said = login_sentence(LoggedIn("s3cret", expires_on, ""), "there", NOW)
    assert "s3cret" not in said
    if expires_on is not None:  # by this computer's clock, wherever that is
        moment = f"{expires_on:%Y-%m-%d %H:%M}"
        words = words.replace(moment, f"{expires_on.astimezone():%Y-%m-%d %H:%M}")
    assert words in said


def test_ctrl_c_while_the_token_is_stored_is_uncertain(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FileTokens, "set", interrupted)
    code, _, err = shop.run(*STDIN)
    assert (code, err) == (130, "Stopped at the last moment: the new login may be stored.\n")


def test_without_a_place_for_the_token_nobody_is_asked_anything(
    shop: Shop, person: Callable[..., Person]
) -> None:
    shop.settings("")
    somebody = person()
    code, _, err = shop.run()
    assert code == 2
    assert "[key_vault] url" in err
    assert not somebody.asked


def test_ctrl_c_at_a_question_leaves_the_old_token(
    shop: Shop, person: Callable[..., Person]
) -> None:
    person(KeyboardInterrupt())
    code, _, err = shop.run()
    assert code == 130
    assert err == "Stopped. The stored login is as it was.\n"


def test_the_end_of_input_at_a_question_is_a_wrong_usage(
    shop: Shop, person: Callable[..., Person]
) -> None:
    person(EOFError())
    assert shop.run()[0] == 2


def test_a_token_that_cannot_be_stored_is_explained(shop: Shop) -> None:
    shop.settings('[digible]\ntoken_file = "missing/token"\n')
    code, _, err = shop.run(*STDIN)
    assert code == 1
    assert "Digible accepted the login. The token can't be written to the file" in err


@pytest.fixture
def vault(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyVaultStandIn]:
    shop.settings(
        '[azure]\nsign_in = "developer"\n[key_vault]\nurl = "https://keys.vault.azure.net"\n'
    )
    with KeyVaultStandIn(tmp_path) as vault:
        vault.may_read = False
        monkeypatch.setattr("agent.token_store.vault.vault_client", lambda *_: vault.client())
        yield vault


def test_the_token_goes_to_the_key_vault_with_its_expiry(
    shop: Shop, vault: KeyVaultStandIn
) -> None:
    code, out, _ = shop.run(*STDIN)
    assert code == 0
    secret = vault.secrets[f"digible-token-{shop.store}"]
    assert secret.value.count(".") == 2
    with vault.client() as client:
        expiry = VaultTokens(client, shop.store).expiry()
    assert expiry.expires_on is not None
    assert f"holds until {expiry.expires_on.astimezone():%Y-%m-%d %H:%M}" in out


def test_no_right_to_write_the_secret_is_explained(shop: Shop, vault: KeyVaultStandIn) -> None:
    vault.refusal = 403
    code, _, err = shop.run(*STDIN)
    assert code == 1
    assert "Digible accepted the login. The token can't be stored: the Key Vault" in err
    assert f"lacks the right to the secret digible-token-{shop.store}" in err


@pytest.fixture
def service(shop: Shop, storage: str) -> BlobServiceClient:
    shop.settings(f'[storage]\nconnection_string = "{storage}"\n[digible]\ntoken_file = "token"\n')
    return BlobServiceClient.from_connection_string(storage)


def expired_run(shop: Shop, service: BlobServiceClient) -> None:
    run = make_run(RunState.SESSION_EXPIRED, store=shop.store, run=RUN, read=1_000, accepted=400)
    blob = service.get_blob_client(RUNS, run_record_name(shop.store, RUN))
    blob.upload_blob(encode_run(run), overwrite=True)


def requests(shop: Shop, service: BlobServiceClient) -> list[str]:
    found = service.get_container_client(CATALOGS).list_blobs(name_starts_with=f"{shop.store}/")
    return [blob.name for blob in found]


def test_without_a_terminal_the_command_that_resumes_is_printed(
    shop: Shop, service: BlobServiceClient
) -> None:
    expired_run(shop, service)
    code, out, err = shop.run(*STDIN)
    assert (code, err) == (0, "")
    assert "because the login had expired: 400 of 1,000 products were accepted." in out
    assert out.endswith(f"To resume it: shopmaster resume {RUN}\n")
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


TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "agent", "login"])
"""


def test_on_a_real_terminal_the_password_is_not_shown(
    shop: Shop, service: BlobServiceClient
) -> None:
    if sys.platform == "win32":
        pytest.skip("needs machine: a POSIX terminal")
    import pty  # noqa: PLC0415  not on Windows

    expired_run(shop, service)
    ours, theirs = pty.openpty()
    environment = {**clean_environment(), "PYTHONPATH": python_path(ROOT), "TERM": "dumb"}
    with subprocess.Popen(
        [sys.executable, "-c", TERMINAL],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    ) as process:
        os.close(theirs)
        said = ""
        for question, answer in (("Digible: ", EMAIL), ("shown): ", PASSWORD), ("[Y/n] ", "y")):
            while question not in said:
                said += os.read(ours, 10_000).decode()
            os.write(ours, f"{answer}\n".encode())
        try:
            while more := os.read(ours, 10_000):
                said += more.decode()
        except OSError:  # Linux: the other end is closed
            pass
        assert process.wait() == 0
    os.close(ours)
    assert re.search(r"holds until [0-9-]+ [0-9:]+ \(23 hours\)", said)
    assert PASSWORD not in said
    assert requests(shop, service) == [f"{shop.store}/{RUN}.resume"]


def test_no_secret_is_in_the_details_for_a_support_person(shop: Shop) -> None:
    code, out, err = shop.run(*STDIN, "--verbose")
    assert code == 0
    assert shop.token not in out + err
    assert json.dumps(PASSWORD) not in out + err
