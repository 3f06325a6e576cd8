"""However a command ends: one message, the right exit code, no traceback and no secret."""

import logging
from pathlib import Path

import pytest

from agent.command_line.endings import reported
from agent.command_line.redaction import Redaction
from agent.errors import (
    AgentError,
    DatabaseError,
    DatabaseProblem,
    NoOutcomeError,
    SettingsError,
    StoppedError,
    StorageUnavailableError,
)
from agent.names import Columns
from agent.settings.parsing import Settings
from agent.sqlite import SqliteTable
from agent.sqlserver.login import Login, own_login, sql_login
from agent.sqlserver.table import SqlServerTable
from agent.storage.address import StorageSignIn, parse_account_url, parse_connection_string
from contract.blobs import StoreName

SECRET = "S3cr3t+/="


def settings(login: Login | None, storage: StorageSignIn | None = None) -> Settings:
    table: SqlServerTable | SqliteTable = (
        SqlServerTable(login, ("Products",), Columns())
        if login is not None
        else SqliteTable(Path("x"), "Products", Columns())
    )
    return Settings(StoreName("0001"), table, storage)


def ending_of(error: BaseException | None, *, verbose: bool = False) -> int:
    redaction = Redaction()
    redaction.learn(settings(own_login(f"Server=pc;Pwd={SECRET}")).secrets)
    with reported(redaction, verbose=verbose) as ending:
        ending.exit_code = 0
        if error is not None:
            raise error
    return ending.exit_code


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [
        (None, 0, ""),
        (AgentError("It failed."), 1, "Error: It failed.\n"),
        (SettingsError("It is wrong."), 2, "Error: It is wrong.\n"),
        (DatabaseError(DatabaseProblem.LOGIN, "No login."), 1, "Error: No login.\n"),
        (StorageUnavailableError("Away."), 1, "Error: Away.\n"),
        (NoOutcomeError("Unknown."), 5, "Error: Unknown.\n"),
        (StoppedError("Stopped late."), 130, "Stopped late.\n"),
        (KeyboardInterrupt(), 130, "Stopped. Nothing was uploaded.\n"),
    ],
)
def test_each_ending_has_its_message_and_exit_code(
    error: BaseException | None, code: int, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending_of(error) == code
    assert capsys.readouterr() == ("", printed)


def test_an_unexpected_error_is_reported_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ending_of(ZeroDivisionError(f"with {SECRET}")) == 1
    printed = capsys.readouterr().err
    assert "ZeroDivisionError" in printed
    assert "--verbose" in printed
    assert "Traceback" not in printed
    assert SECRET not in printed


def test_the_systems_message_is_included(capsys: pytest.CaptureFixture[str]) -> None:
    ending_of(OSError(28, "No space left on device"))
    assert "OSError: No space left on device" in capsys.readouterr().err


def test_verbose_shows_the_traceback_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ending_of(ZeroDivisionError(f"with {SECRET} and https://x.invalid?sig=abc%2B"), verbose=True)
    printed = capsys.readouterr().err
    assert "Traceback" in printed
    assert SECRET not in printed
    assert "abc%2B" not in printed


def test_only_verbose_shows_the_cause(capsys: pytest.CaptureFixture[str]) -> None:
    error = AgentError("It failed.")
    error.__cause__ = ValueError(f"Login failed; Password={SECRET}")
    ending_of(error, verbose=True)
    printed = capsys.readouterr().err
    assert "Cause: ValueError('Login failed" in printed
    assert SECRET not in printed
    ending_of(error)
    assert "Cause" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "given",
    [
        settings(sql_login("pc", "Shop", "till", SECRET)),
        settings(own_login(f"Driver=x;PWD={{{SECRET}}};Server=pc")),
        settings(None, parse_connection_string(f"AccountName=shop;AccountKey={SECRET};")),
        settings(None, parse_account_url("https://shop.invalid?ss=b&sig=S3cr3t%2B%2F%3D")),
        settings(
            None,
            parse_connection_string(
                "BlobEndpoint=https://shop.invalid;SharedAccessSignature=ss=b&sig=S3cr3t%2B%2F%3D"
            ),
        ),
    ],
    ids=["password", "odbc", "key", "sas", "sas in a connection string"],
)
def test_every_secret_in_the_settings_is_hidden(given: Settings) -> None:
    redaction = Redaction()
    redaction.learn(given.secrets)
    for text in (f"it is {SECRET} here", "and S3cr3t%2B%2F%3D too"):
        hidden = redaction.hide(f"see: sig={SECRET} {text}")
        assert SECRET not in hidden
    record = logging.LogRecord("agent", logging.DEBUG, "", 0, "it is %s", (SECRET,), None)
    assert redaction.format(record).endswith("agent: it is ***")
