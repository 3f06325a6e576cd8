"""The command `configure`: without questions as an installer runs it, and on a terminal as an owner does."""

import json
import os
import select
import subprocess
import sys
import tomllib
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from agent.command_line.main import main
from agent.passwords import stored_password
from contract.blobs import CATALOGS
from tests.agent.shops import clean_environment, make_shop, products
from tests.loopback import python_path
from tests.tds import PASSWORD, USER, SqlServerStandIn, Table

ROOT = Path(__file__).resolve().parents[3]
TABLE = Table(
    "Products",
    {"ProductID": "varchar(25)", "ProductName": "varchar(75)", "SellPrice": "numeric(18,2)"},
    [(f"P{number}", f"Café {number}", Decimal("12.50")) for number in range(7)],
)


@dataclass
class Installer:
    """Runs `configure` in an empty folder, without a terminal."""

    store: str
    folder: Path
    storage: str
    server: SqlServerStandIn
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def file(self) -> Path:
        return self.folder / "shopmaster.toml"

    @property
    def written(self) -> dict[str, dict[str, str]]:
        return tomllib.loads(self.file.read_text(encoding="utf-8"))

    def answers(self, **more: str) -> dict[str, str]:
        return {
            "STORE": self.store,
            "DATABASE__SERVER": self.server.server,
            "DATABASE__DATABASE": "Shop",
            "DATABASE__TABLE": "dbo.Products",
            "DATABASE__AUTHENTICATION": "sql",
            "DATABASE__USERNAME": USER,
            "DATABASE__PASSWORD": PASSWORD,
            "STORAGE__CONNECTION_STRING": self.storage,
            **more,
        }

    def environment(self, **answers: str) -> None:
        for name, value in answers.items():
            self.monkeypatch.setenv(f"SHOPMASTER_{name}", value)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(["configure", *arguments])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        for secret in (PASSWORD, "AccountKey=E"):
            assert secret not in said.err + said.out
        return code, said.out, said.err


@pytest.fixture
def server() -> Iterator[SqlServerStandIn]:
    with SqlServerStandIn([TABLE]) as stand_in:
        yield stand_in


@pytest.fixture
def installer(
    tmp_path: Path,
    storage: str,
    server: SqlServerStandIn,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Installer:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    wide = tmp_path / "nowhere" / "no.toml"
    wide.parent.touch()
    monkeypatch.setattr("agent.settings.file.machine_wide_file", lambda _: wide)
    monkeypatch.setattr("agent.configuring.sources._may_create", lambda _: False)
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    store = uuid.uuid4().hex
    return Installer(store, tmp_path / "shop", storage, server, monkeypatch, capsys)


def blobs(installer: Installer) -> list[str]:
    with BlobServiceClient.from_connection_string(installer.storage) as service:
        container = service.get_container_client(CATALOGS)
        found = container.list_blobs(name_starts_with=installer.store, include=["uncommittedblobs"])
        return [blob.name for blob in found if blob.size]


# Without questions.


def test_an_installer_answers_with_the_environment(installer: Installer) -> None:
    installer.environment(**installer.answers())
    code, out, err = installer.run("--from")
    assert (code, err) == (0, "")
    assert installer.written == {
        "store": installer.store,
        "database": {
            "server": installer.server.server,
            "database": "Shop",
            "table": "dbo.Products",
            "authentication": "sql",
            "username": USER,
        },
        "storage": {"connection_string": installer.storage},
    }
    assert "✓ The first products, as they would be sent:" in out
    assert out.count("12.50") == 5
    assert "✓ A catalogue can be uploaded." in out
    assert f"The settings are in {installer.file}." in out
    assert f"The password of {USER}@{installer.server.server} is " in out
    assert "shopmaster login" in out
    assert blobs(installer) == []


@pytest.mark.skipif(os.name == "nt", reason="needs machine: file modes")
def test_what_holds_a_secret_is_for_this_account_alone(installer: Installer) -> None:
    installer.environment(**installer.answers())
    assert installer.run("--from")[0] == 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in installer.folder.iterdir()}
    assert modes == {"shopmaster.toml": 0o600, "shopmaster.password": 0o600}


def test_the_next_command_needs_no_password_from_anybody(installer: Installer) -> None:
    installer.environment(**installer.answers())
    assert installer.run("--from")[0] == 0
    for name in installer.answers():
        installer.monkeypatch.delenv(f"SHOPMASTER_{name}")
    assert main(["upload", "--dry-run"]) == 0
    assert "7 rows read" in installer.capsys.readouterr().out


def test_an_installer_answers_with_a_file(installer: Installer, tmp_path: Path) -> None:
    make_shop(tmp_path / "shop.db", products(3))
    answers = tmp_path / "answers.toml"
    answers.write_text(
        f'store = "{installer.store}"\n[database]\nsqlite = "shop.db"\ntable = "Products"\n'
        f'[storage]\nconnection_string = "{installer.storage}"\n',
        encoding="utf-8",
    )
    code, _, err = installer.run("--from", str(answers))
    assert (code, err) == (0, "")
    assert installer.written["database"]["sqlite"] == str(tmp_path / "shop.db")


def test_every_wrong_answer_is_named(installer: Installer) -> None:
    installer.environment(STORE="Shop 1", DATABASE__SERVER="localhost", AZURE__SIGN_IN="guess")
    code, out, err = installer.run("--from")
    assert (code, out) == (2, "")
    for key in (
        "SHOPMASTER_STORE",
        "database.database",
        "database.table",
        "[storage]",
        "AZURE__SIGN_IN",
    ):
        assert key in err
    assert not installer.file.exists()


def test_everything_that_does_not_work_is_named_and_nothing_is_written(
    installer: Installer,
) -> None:
    installer.file.write_text('store = "before"\n', encoding="utf-8")
    broken = installer.storage.replace("AccountKey=", "AccountKey=AAAA")
    installer.environment(
        **installer.answers(DATABASE__TABLE="dbo.Nope", STORAGE__CONNECTION_STRING=broken)
    )
    code, out, err = installer.run("--from")
    assert code == 1
    assert out == ""
    assert "- The database “Shop”" in err
    assert err.count("\n- ") == 2
    assert installer.file.read_text(encoding="utf-8") == 'store = "before"\n'
    assert [path.name for path in installer.folder.iterdir()] == ["shopmaster.toml"]


def test_a_second_time_keeps_comments_and_forgets_what_is_no_longer_needed(
    installer: Installer,
) -> None:
    installer.environment(**installer.answers())
    assert installer.run("--from")[0] == 0
    text = installer.file.read_text(encoding="utf-8")
    installer.file.write_text("# Anna's\n" + text, encoding="utf-8")
    make_shop(installer.folder / "shop.db", products(3))
    for name in installer.answers():
        installer.monkeypatch.delenv(f"SHOPMASTER_{name}")
    installer.environment(DATABASE__SQLITE="shop.db", DATABASE__TABLE="Products")
    assert installer.run("--from")[0] == 0
    assert installer.file.read_text(encoding="utf-8").startswith("# Anna's\n")
    assert set(installer.written["database"]) == {"sqlite", "table"}
    assert stored_password(installer.file, f"{USER}@{installer.server.server}") is None


def test_without_a_terminal_it_says_what_is_needed(installer: Installer) -> None:
    installer.environment(**installer.answers())
    code, out, err = installer.run()
    assert (code, out) == (2, "")
    assert "no terminal" in err
    assert "--from" in err
    assert not installer.file.exists()


# From an old shopMaster.


def token_until(moment: int) -> str:
    claims = urlsafe_b64encode(json.dumps({"exp": moment}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln"


def old_settings(installer: Installer, token: str) -> Path:
    file = installer.folder / "old.env"
    file.write_text(
        f"server_name='{installer.server.server}'\ndb_name='Shop'\nsecurity='Password'\n"
        f"username='{USER}'\npassword='{PASSWORD}'\nlocal_table='dbo.Products'\n"
        f"access_token='{token}'\n",
        encoding="utf-8",
    )
    return file


def test_an_old_shopmasters_settings_are_taken_over(installer: Installer) -> None:
    token, kept = token_until(4_000_000_000), installer.folder / "token"
    installer.environment(
        STORE=installer.store,
        STORAGE__CONNECTION_STRING=installer.storage,
        DIGIBLE__TOKEN_FILE=str(kept),
    )
    old = old_settings(installer, token)
    code, out, err = installer.run("--import", str(old), "--from")
    assert (code, err) == (0, "")
    assert token not in out
    assert "The old shopMaster's token was taken over." in out
    assert f"delete {old}, which contains the password of the database and the token" in out
    assert token in kept.read_text(encoding="utf-8")
    assert installer.written["database"]["table"] == "dbo.Products"
    assert stored_password(installer.file, f"{USER}@{installer.server.server}") == PASSWORD
    assert PASSWORD not in installer.file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("expiry", "place", "said"),
    [
        (1_000_000_000, "token", "has expired, and was not taken over"),
        (4_000_000_000, None, "don't say where a token is kept"),
        (4_000_000_000, "no-folder/token", "was not taken over: "),
    ],
    ids=["expired", "nowhere to keep it", "can't be kept"],
)
def test_a_token_that_cannot_be_taken_over_is_no_obstacle(
    installer: Installer, expiry: int, place: str | None, said: str
) -> None:
    installer.environment(STORE=installer.store, STORAGE__CONNECTION_STRING=installer.storage)
    if place is not None:
        installer.environment(DIGIBLE__TOKEN_FILE=str(installer.folder / place))
    token = token_until(expiry)
    code, out, err = installer.run("--import", str(old_settings(installer, token)), "--from")
    assert (code, err) == (0, "")
    assert said in out
    assert token not in out


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (None, "There is no token yet"),
        (token_until(4_000_000_000), "There is a token, until 0"),
        (token_until(1_000_000_000), "The token has expired"),
    ],
    ids=["none", "good", "expired"],
)
def test_the_place_of_the_token_is_looked_at(
    installer: Installer, kept: str | None, said: str
) -> None:
    file = installer.folder / "token"
    if kept is not None:
        file.write_text(kept, encoding="utf-8")
    installer.environment(**installer.answers(DIGIBLE__TOKEN_FILE="token"))
    code, out, err = installer.run("--from")
    assert (code, err) == (0, "")
    assert f"✓ {said}" in out
    assert installer.written["digible"]["token_file"] == str(file)


# For the database person.


def test_the_script_is_all_that_is_printed(installer: Installer) -> None:
    installer.environment(
        DATABASE__SERVER=r"localhost\SQLEXPRESS", DATABASE__DATABASE="Shop", DATABASE__TABLE="T"
    )
    code, out, err = installer.run("--sql")
    assert (code, err) == (0, "")
    assert out.startswith("-- For the person")
    assert r"CREATE LOGIN [NT AUTHORITY\NETWORK SERVICE] FROM WINDOWS" in out
    assert not installer.file.exists()
    code, out, _ = installer.run("--sql", "--account", r"SHOP\upload")
    assert r"[SHOP\upload]" in out


def test_a_script_without_a_table_says_what_is_missing(installer: Installer) -> None:
    code, out, err = installer.run("--sql")
    assert (code, out) == (2, "")
    assert "SHOPMASTER_DATABASE__TABLE" in err


# On a terminal.


@pytest.mark.skipif(os.name == "nt", reason="needs machine: a pseudo-terminal")
class TestOnATerminal:
    """A real process on a real terminal."""

    def test_an_owner_is_asked_and_the_password_is_not_echoed(self, installer: Installer) -> None:
        with Conversation(installer) as owner:
            owner.answer("Name of the store, from your operator, such as 0001:", installer.store)
            owner.answer("SQL Server (? searches for others)", "")
            owner.answer("(Windows authentication)? [y/N]", "n")
            owner.answer("User name in SQL Server:", USER)
            owner.answer(f"Password of {USER} (not shown):", PASSWORD)
            owner.answer("Database (a number, or type another) [Shop]:", "")
            owner.answer("Table with the products (a number, or type another)", "")
            owner.answer("Are these your products, with the right prices? [Y/n]", "")
            owner.answer("(not shown):", installer.storage)
            owner.answer("Key Vault, or nothing if your operator named none:", "")
            code, shown = owner.end()
        assert code == 0, shown
        assert PASSWORD not in shown
        assert installer.storage[:200] not in shown
        assert "P0                        Café 0                                12.50" in shown
        assert installer.written["database"]["username"] == USER
        assert stored_password(installer.file, f"{USER}@{installer.server.server}") == PASSWORD

    def test_ctrl_c_leaves_the_old_file_as_it_was(self, installer: Installer) -> None:
        before = "# Anna's\nstore = 'before'\n"
        installer.file.write_text(before, encoding="utf-8")
        with Conversation(installer) as owner:
            owner.answer("Name of the store", "")
            owner.expect("SQL Server")
            code, shown = owner.interrupt()
        assert code == 130
        assert "Stopped." in shown
        assert "is as it was" in " ".join(shown.split())
        assert installer.file.read_text(encoding="utf-8") == before
        assert [path.name for path in installer.folder.iterdir()] == ["shopmaster.toml"]


class Conversation:
    """`shopmaster configure` on a pseudo-terminal of its own."""

    def __init__(self, installer: Installer) -> None:
        self._command = [sys.executable, "-m", "agent", "configure", "--config", "shopmaster.toml"]
        self._folder = installer.folder
        self._environment = {
            **clean_environment(),
            "PYTHONPATH": python_path(ROOT),
            "SHOPMASTER_DATABASE__SERVER": installer.server.server,
        }
        self._shown = b""

    def __enter__(self) -> "Conversation":
        self._own, theirs = os.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *self._command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self._folder,
            env=self._environment,
        )
        os.close(theirs)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._own)

    def expect(self, question: str) -> None:
        wanted = question.encode()
        while wanted not in self._shown.rpartition(b"\0")[2]:
            self._read()

    def type(self, text: str) -> None:
        self._shown += b"\0"  # what comes before has been answered
        os.write(self._own, text.encode())

    def answer(self, question: str, text: str) -> None:
        self.expect(question)
        self.type(f"{text}\n")

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C, and again if it came just before the question began to wait: nobody is so fast."""
        self.type("\x03")
        return self.end(lambda: self.type("\x03"))

    def end(self, each_second: Callable[[], None] = lambda: None) -> tuple[int, str]:
        try:
            for _ in range(60):
                while select.select([self._own], [], [], 1)[0]:
                    self._read()
                each_second()
        except EOFError:
            pass
        shown = self._shown.replace(b"\0", b"").decode().replace("\r\n", "\n")
        return self._process.wait(timeout=30), shown

    def _read(self) -> None:
        assert select.select([self._own], [], [], 60)[0], self._shown.decode(errors="replace")
        try:
            data = os.read(self._own, 4096)
        except OSError:  # Linux: the other side is closed
            data = b""
        if not data:
            raise EOFError(self._shown.decode(errors="replace"))
        self._shown += data
