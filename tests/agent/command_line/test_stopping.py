"""Ctrl-C, SIGTERM and a closed terminal stop a command promptly, whatever it waits for."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.__main__ import run
from tests.agent.shops import clean_environment
from tests.loopback import python_path
from tests.tds import Faults, SqlServerStandIn, Table
from tests.tds.__main__ import SHOP_COLUMNS, products
from tests.tds.server import PASSWORD, USER

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs machine: POSIX's signals")

ROOT = Path(__file__).resolve().parents[3]
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
ROWS = 20_000


@contextmanager
def upload(address: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Start the agent on a table of a server; its output file would be in `folder`."""
    (folder / "shopmaster.toml").write_text(
        f'store = "0001"\n[database]\nserver = "{address}"\ndatabase = "Shop"\n'
        f'table = "Products"\nauthentication = "sql"\nusername = "{USER}"\n',
        encoding="utf-8",
    )
    own = {"PYTHONPATH": python_path(ROOT), "SHOPMASTER_DATABASE__PASSWORD": PASSWORD}
    with subprocess.Popen(
        [sys.executable, "-m", "agent", "upload", "--output", "catalogue.json"],
        env=clean_environment() | own,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def stopped(process: "subprocess.Popen[str]", number: signal.Signals) -> str:
    """Send the signal, and return what the process printed; the driver alone would wait for 120 s."""
    process.send_signal(number)
    return process.communicate(timeout=12)[1]


def wait_for_query(server: SqlServerStandIn, process: "subprocess.Popen[str]") -> None:
    """Return once the server was asked for rows."""
    while not any("FROM [Products]" in statement for statement in list(server.statements)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    time.sleep(0.5)  # for whatever comes before the silence


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    "faults",
    [
        Faults(silent=True),
        Faults(frozen=True),
        Faults(stall_after=5_000),
        Faults(freeze_after=5_000),
        Faults(freeze_after=100),
    ],
    ids=repr,
)
def test_a_command_that_waits_for_the_server_stops(
    faults: Faults, number: signal.Signals, tmp_path: Path
) -> None:
    table = Table("Products", SHOP_COLUMNS, products(ROWS))
    with (
        SqlServerStandIn([table], faults=faults) as server,
        upload(server.server, tmp_path) as process,
    ):
        wait_for_query(server, process)
        said = stopped(process, number)
    assert process.returncode == 130
    assert said.endswith("Stopped. Nothing was uploaded.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["shopmaster.toml"]


def test_a_command_that_waits_for_a_login_stops(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(30)
        port = mute.getsockname()[1]
        with upload(f"127.0.0.1,{port}", tmp_path) as process:
            with mute.accept()[0]:
                pass  # the agent only looks whether somebody is there
            with mute.accept()[0] as client:
                client.recv(1)
                said = stopped(process, signal.SIGINT)
    assert process.returncode == 130
    assert said.endswith("Stopped. Nothing was uploaded.\n")


def test_a_signal_that_was_ignored_stays_ignored(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    table = Table("Products", SHOP_COLUMNS, products(ROWS))
    try:
        with (
            SqlServerStandIn([table], faults=Faults(stall_after=5_000)) as server,
            upload(server.server, tmp_path) as process,
        ):
            wait_for_query(server, process)
            process.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            stopped(process, signal.SIGTERM)
            assert process.returncode == 130
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_while_the_program_is_loaded_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("agent.command_line.main.main", interrupted)
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "Stopped.\n")
