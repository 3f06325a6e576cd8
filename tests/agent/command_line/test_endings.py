"""However a command ends: one message, the right exit code, no traceback and no secret."""

import errno
import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

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
from tests.agent.shops import clean_environment, make_shop, products
from tests.loopback import python_path

ROOT = Path(__file__).resolve().parents[3]
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


@pytest.mark.parametrize("address", ["http://till:{}@proxy:8080", "http://till:a@{}@proxy:99999"])
def test_a_proxys_password_is_hidden(address: str) -> None:
    hidden = Redaction().hide(f"ValueError('Failed to parse: {address.format(SECRET)}')")
    assert SECRET not in hidden
    assert "***@proxy:" in hidden


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


# Output that nobody reads, as in `shopmaster upload --dry-run | more`, left with q.


class BrokenOnWindows(io.FileIO):
    """A pipe whose reader has gone, as Windows reports it."""

    def write(self, data: object) -> int:
        raise OSError(errno.EINVAL, "Invalid argument")


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[io.TextIOWrapper]:
    pipe = BrokenOnWindows(tmp_path / "pipe", "w")
    with io.TextIOWrapper(io.BufferedWriter(pipe), encoding="utf-8") as stream:
        yield stream
        pipe.write = len  # type: ignore[method-assign, assignment]  # so that it can be closed


@pytest.mark.parametrize("length", [1, 100_000])
def test_a_broken_pipe_on_windows_is_a_quiet_failure(
    broken: io.TextIOWrapper,
    length: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdout", broken)
    with reported(Redaction(), verbose=False) as ending:
        print("x" * length, flush=True)
    assert ending.exit_code == 1
    assert capsys.readouterr().err == ""
    assert sys.stdout is broken


@pytest.mark.parametrize("error", [OSError(errno.EINVAL, "Invalid argument"), BrokenPipeError()])
def test_the_same_error_from_elsewhere_is_reported(
    error: OSError, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending_of(error) == 1
    assert "something unexpected happened" in capsys.readouterr().err


def test_output_that_a_full_disk_refuses_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    stream = io.StringIO()
    monkeypatch.setattr(stream, "write", refuse)
    monkeypatch.setattr(sys, "stdout", stream)
    with reported(Redaction(), verbose=False) as ending:
        print("x")
    assert ending.exit_code == 1
    assert "No space left on device" in capsys.readouterr().err


def test_an_error_that_nobody_reads_keeps_its_exit_code(
    broken: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken.reconfigure(line_buffering=True)  # as standard error always is
    monkeypatch.setattr(sys, "stderr", broken)
    assert ending_of(SettingsError("It is wrong.")) == 2


def test_a_process_without_standard_output_and_error_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with reported(Redaction(), verbose=False) as ending:
        print("x", flush=True)
        sys.stdout.flush()
        ending.exit_code = 0
    assert ending.exit_code == 0


@pytest.fixture
def unread() -> Iterator[int]:
    """Yield the writing end of a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def test_a_log_that_nobody_reads_keeps_the_exit_code_and_python_can_flush_at_exit(
    unread: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(unread, "w", encoding="utf-8", closefd=False) as stream:
        stream.write("what logging could not get rid of")
        monkeypatch.setattr(sys, "stderr", stream)
        assert ending_of(None) == 0


def run(folder: Path, stdout: int, stderr: int | IO[bytes], *arguments: str) -> int:
    return subprocess.run(
        [sys.executable, "-m", "agent", *(arguments or ("upload", "--dry-run"))],
        cwd=folder,
        env={
            **clean_environment(),
            "PYTHONPATH": python_path(ROOT),
            "SHOPMASTER_STORE": "0001",
            "SHOPMASTER_DATABASE__SQLITE": "shop.db",
            "SHOPMASTER_DATABASE__TABLE": "Products",
        },
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        check=False,
    ).returncode


def test_the_program_ends_quietly_when_its_reader_has_gone(tmp_path: Path, unread: int) -> None:
    make_shop(tmp_path / "shop.db", products(1))
    with (tmp_path / "said").open("w+b") as said:
        assert run(tmp_path, unread, said) == 1
        said.seek(0)
        lines = said.read().splitlines()
    assert [line for line in lines if not line.startswith(b"Reading products")] == []


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_that_nobody_reads_ends_quietly(tmp_path: Path, unread: int, option: str) -> None:
    said = tmp_path / "said"
    with said.open("wb") as file:
        # argparse overlooks that nobody reads; if its words are still buffered, we notice.
        assert run(tmp_path, unread, file, option) in {0, 1}
    assert said.read_bytes() == b""


def test_wrong_usage_keeps_its_exit_code_when_nobody_reads_why(tmp_path: Path, unread: int) -> None:
    assert run(tmp_path, subprocess.DEVNULL, unread, "--wrong") == 2


def test_the_program_ends_with_its_exit_code_when_nobody_reads_its_errors(
    tmp_path: Path, unread: int
) -> None:
    (tmp_path / "shopmaster.toml").write_text("not = a setting", encoding="utf-8")
    assert run(tmp_path, subprocess.DEVNULL, unread) == 2
