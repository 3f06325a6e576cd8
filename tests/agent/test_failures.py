"""Each thing that can go wrong on a store PC has one row in `check` and one sentence in `upload`.

Both name the cause and the same remedy.
"""

import json
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from agent.command_line.main import main
from contract.blobs import StoreName
from tests.agent import failing_shops as scenes
from tests.agent.failing_shops import TABLE, Scene, Shop, database, faulty, own_connection
from tests.agent.function_stand_in import function_that_answers
from tests.agent.shops import clean_environment
from tests.tds import PASSWORD, Table

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schemas" / "check.json").read_text("utf-8")
)
MARKS = ("failed", "warning")


@dataclass(frozen=True)
class Failure:
    """Something that is wrong, and what is said about it."""

    scene: Scene
    row: str
    """The key of the one row that has a mark for it."""

    cause: str
    """Words of the cause, in both commands unless `upload_says` has others."""

    remedy: str
    """Words of the remedy, likewise."""

    mark: str = "failed"
    also: str | None = None
    """The key of another row that has to have it too."""

    upload: int = 1
    """The exit code of `upload`."""

    upload_says: tuple[str, ...] | None = None
    """What `upload` says instead; nothing to look for if it is empty."""

    arguments: tuple[str, ...] = ("--no-wait",)


FAILURES = {
    # The database
    "driver missing": Failure(
        own_connection(Driver="{ODBC Driver 99 for SQL Server}"),
        *("driver", "can't be used here", "https://aka.ms/downloadmsodbcsql"),
    ),
    "driver manager missing": Failure(
        scenes.no_pyodbc, "driver", "unixODBC is not installed here", "ODBC Driver 18"
    ),
    "driver doesn't know a value": Failure(
        own_connection(Encrypt="true"),
        *("driver", "doesn't accept what the settings say", "Correct that in `connection_string`"),
    ),
    "wrong password": Failure(
        scenes.wrong_password, "login", "refuses the login", "Check the user name and the password"
    ),
    "Windows login without Windows": Failure(
        own_connection(Trusted_Connection="yes", TrustServerCertificate="yes"),
        *("login", "can't log in", 'set `authentication = "sql"`'),
    ),
    "port closed": Failure(
        scenes.port_closed, "server", "Nothing answers at 127.0.0.1", "its firewall allows port"
    ),
    "DNS wrong": Failure(
        database(server="no-such-pc.invalid,1433"),
        *("server", "There is no computer “no-such-pc.invalid”", "Correct `server`"),
    ),
    "instance misspelt": Failure(
        database(server="tcp:127.0.0.1\\SQLEXPRES"),
        *("server", "doesn't say where the instance SQLEXPRES listens", "Check that name"),
    ),
    "port without its comma": Failure(
        database(server="127.0.0.1:1433"),
        *("server", "There is no computer", "write 127.0.0.1,1433 as `server`"),
    ),
    "another program at the port": Failure(
        scenes.other_program, "server", "is not a SQL Server", "Correct the computer or the port"
    ),
    "certificate of the server untrusted": Failure(
        own_connection(Encrypt="yes"),
        *("server", "doesn't trust its certificate", "TrustServerCertificate=yes"),
    ),
    "encryption refused": Failure(
        scenes.no_encryption, "server", "can't encrypt the connection", "Encrypt=no"
    ),
    "wrong database": Failure(
        database(database="Shopp"),
        *("table", "no database “Shopp”", "Correct `database` in the settings"),
    ),
    "table renamed": Failure(
        database(table="dbo.Productz"),
        *("table", "Similar names: dbo.Products", "Correct `table` in the settings"),
    ),
    "column dropped": Failure(
        scenes.column_renamed,
        *("table", "has no column SellPrice", "Correct [columns] in the settings"),
    ),
    "right to the table missing": Failure(
        faulty(denied=True), "table", "may not read the table", "grant SELECT on it"
    ),
    "right to one column missing": Failure(
        faulty(denied_column="SellPrice"),
        *("table", "may not read the column SellPrice of the table", "grant SELECT on it"),
    ),
    "table locked": Failure(
        faulty(locked=True), "table", "locked for", "Try again in a few minutes"
    ),
    "deadlock": Failure(faulty(deadlock_after=0), "table", "(a deadlock)", "Try again"),
    "connection cut": Failure(
        faulty(cut_after=0), "table", "broke while dbo.Products was being read", "Check the network"
    ),
    "table empty": Failure(
        lambda shop: shop.server(Table("Products", TABLE.columns)),
        *("products", "no rows", "correct `table` in the settings"),
    ),
    "ids repeated": Failure(
        scenes.id_repeated,
        *("products", "1 have the id of another one", "Give each product its own id"),
        mark="warning",
        upload=4,
        upload_says=("ProductID appears more than once",),
        arguments=("--dry-run",),
    ),
    "wrong column": Failure(
        scenes.binary_names,
        *("table", "contains nothing but binary values", "Correct [columns] in the settings"),
    ),
    # This computer
    "disk full": Failure(scenes.disk_full, "temporary_folder", "it is full", "Make room there"),
    "temporary folder read-only": Failure(
        scenes.read_only, "temporary_folder", "it is read-only", "TMPDIR"
    ),
    "notes can't be written": Failure(
        scenes.file_in_place_of_notes,
        *("state_folder", "can't be written to", "`state_folder` in the settings"),
    ),
    "settings unreadable": Failure(
        scenes.settings_may_not_be_read,
        *("settings", "can't be read (Permission denied)", "Give this account the right"),
        upload=2,
    ),
    "settings readable by everyone with a secret in them": Failure(
        scenes.everybody_may_read,
        *("settings", "Other users of this computer may read", "chmod 600"),
        mark="warning",
        upload=0,
    ),
    "wrong store name": Failure(
        scenes.wrong_store,
        *("settings", "store is not a store name", "`shopmaster configure`"),
        upload=2,
        upload_says=("store is not a store name",),
    ),
    "keyring locked": Failure(
        scenes.keyring_locked,
        *("settings", "The keyring with the password", "`shopmaster configure`"),
        upload=2,
        upload_says=("is locked", "Unlock it and try again"),
    ),
    "no password": Failure(
        scenes.no_password,
        *("settings", "needs a password, and none is stored", "`shopmaster configure`"),
        upload=2,
    ),
    # The cloud
    "proxy needed": Failure(
        scenes.proxy_wants_a_password,
        *("storage", "without a user name and a password", "Check that proxy"),
    ),
    "no line": Failure(
        scenes.no_line, "storage", "the connection was refused", "name it in the environment"
    ),
    "storage account unknown": Failure(
        lambda shop: shop.account_at("https://no-such-account.invalid"),
        *("storage", "can't be found on the internet", "the account in the settings"),
    ),
    "certificate of the account untrusted": Failure(
        scenes.intercepted, "storage", "doesn't trust its certificate", "REQUESTS_CA_BUNDLE"
    ),
    "clock off by an hour": Failure(
        scenes.clock_is_fast, "clock", "computer's clock is 60 minutes fast", "Set the clock"
    ),
    "sign-in's certificate missing": Failure(
        scenes.certificate_is_missing,
        *("sign_in", "can't be read (No such file", "Correct azure.certificate in the settings"),
    ),
    "SAS expired": Failure(
        lambda shop: shop.sas(scenes.EVERYTHING, days=-1),
        *("sign_in", "The SAS in the settings expired on", "Ask for a new one"),
        upload_says=("the SAS in the settings expired on", "Ask for a new one"),
    ),
    "SAS expires soon": Failure(
        lambda shop: shop.sas(scenes.EVERYTHING, days=3),
        *("sign_in", "The SAS in the settings expires on", "Ask for a new one"),
        mark="warning",
        upload=0,
        upload_says=(),
    ),
    "no right to write": Failure(
        lambda shop: shop.sas(scenes.READ_ONLY),
        *("write", "the right to", "Ask the person who runs the storage account"),
    ),
    "container missing": Failure(
        scenes.account_that_answers("404 Not Found", x_ms_error_code="ContainerNotFound"),
        *("write", "has no container `catalogs`", "Create it, or correct the account"),
        also="run_records",
    ),
    "run records not readable": Failure(
        lambda shop: shop.sas(scenes.WRITE_ONLY),
        *("run_records", "the right to", "Ask the person who runs the storage account"),
        arguments=("--timeout", "1s"),
    ),
    "storage in trouble": Failure(
        scenes.account_that_answers("503 Server Busy", x_ms_error_code="ServerBusy"),
        *("write", "is busy or in trouble (HTTP 503)", "Try again later"),
        also="run_records",
    ),
    # Digible
    "token missing": Failure(
        lambda shop: (shop.folder / "token").unlink(),
        *("token", "has no Digible login yet", "Run `shopmaster login`"),
        upload=3,
        upload_says=("User session expired, Please Reconfigure",),
        arguments=(),
    ),
    "token expired": Failure(
        lambda shop: shop.token(scenes.expired_token()),
        *("token", "The Digible login expired on", "Run `shopmaster login`"),
        upload=3,
        upload_says=("User session expired, Please Reconfigure",),
        arguments=(),
    ),
    # The schedule
    "no schedule": Failure(
        scenes.no_schedule,
        *("schedule", "No upload is scheduled", "Run `shopmaster schedule install`"),
        mark="warning",
        upload=0,
        upload_says=(),
    ),
}
POSIX_ONLY = {"driver manager missing", "Windows login without Windows",
              "settings readable by everyone with a secret in them"}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    for kind in ("https", "http", "all", "no"):
        for name in (f"{kind}_proxy", f"{kind}_proxy".upper()):
            monkeypatch.delenv(name, raising=False)
    nowhere = tmp_path / "machine" / "no.toml"
    for module in ("agent.settings.file", "agent.command_line.command"):
        monkeypatch.setattr(f"{module}.machine_wide_file", lambda _: nowhere)
    monkeypatch.setattr("agent.storage.service._PATIENCE", 0.0)
    monkeypatch.setattr("agent.storage.service._PAUSES", (0.0,))
    monkeypatch.setenv("SHOPMASTER_DATABASE__PASSWORD", PASSWORD)
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with ExitStack() as stack:
        made = Shop(StoreName(uuid.uuid4().hex), folder, storage, monkeypatch, stack)
        made.server(TABLE)
        made.storage = {"connection_string": storage}
        made.other = {"digible": {"token_file": "token"}}
        made.token("a-token-of-unknown-age")
        scenes.scheduled(made)
        yield made


def test_the_shop_of_these_tests_could_upload(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write_settings()
    assert main(["check", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["key"] for row in rows if row["mark"] in MARKS] == ["last_run"]
    assert main(["upload", "--no-wait"]) == 0


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_has_one_row_and_one_sentence(
    shop: Shop, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    if sys.platform == "win32" and name in POSIX_ONLY:
        pytest.skip("needs machine: one that isn't Windows")
    failure = FAILURES[name]
    failure.scene(shop)
    shop.write_settings()
    _check(failure, capsys)
    with function_that_answers(shop.connection, shop.store, scenes.session_expired):
        _upload(failure, capsys)


def _check(failure: Failure, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["check", "--json"])
    said = capsys.readouterr()
    document = json.loads(said.out)
    Draft202012Validator(SCHEMA).validate(document)
    rows = {row["key"]: row for row in document["rows"]}
    bad = {key for key, row in rows.items() if row["mark"] in MARKS}
    assert bad - {"last_run"} == {failure.row, failure.also or failure.row}
    row = rows[failure.row]
    assert row["mark"] == failure.mark
    assert failure.cause in row["finding"]
    assert failure.remedy in row["remedy"]
    assert code == (0 if failure.mark == "warning" else 2 if failure.row == "settings" else 1)
    _has_no_secret(said.out + said.err)


def _upload(failure: Failure, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upload", *failure.arguments]) == failure.upload
    said = capsys.readouterr()
    text = said.out + said.err
    expected = failure.upload_says
    for words in (failure.cause, failure.remedy) if expected is None else expected:
        assert words in text
    assert "Traceback" not in text
    _has_no_secret(text)


def _has_no_secret(text: str) -> None:
    assert not [secret for secret in (PASSWORD, scenes.SIGNATURE, "sig=") if secret in text]


def test_there_are_at_least_thirty_of_them() -> None:
    assert len(FAILURES) >= 30
