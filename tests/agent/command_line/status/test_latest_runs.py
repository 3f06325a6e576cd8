"""`status`: the store's latest runs, as a table."""

import re

import pytest

from agent.command_line.run_table import print_table
from agent.errors import ExitCode
from agent.state import LastRun, note_last_run
from contract.blobs import RunId
from contract.run import Run, RunState
from tests.agent.command_line.scene import Shop
from tests.agent.command_line.status.runs import NEWER
from tests.agent.shops import NOW, make_run, products


def test_the_latest_runs_are_a_table_with_the_newest_first(
    online: Shop, three: tuple[Run, ...]
) -> None:
    code, out, _ = online.run(command="status")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["Began", "Run", "State", "Accepted"]
    cells = [re.split(r" {2,}", line.strip()) for line in lines[1:4]]
    local = f"{NOW.astimezone():%Y-%m-%d %H:%M}"
    assert cells[0] == [local, "20261123T020000Z-5e6f7a8b", "with rejections", "11 of 12"]
    assert cells[1][1:] == ["summer sale/products", "invalid catalogue", "0 of 0"]
    assert cells[2][1:] == ["20261122T020000Z-1a2b3c4d", "succeeded", "1,000 of 1,000"]
    assert "shopmaster status 20261123T020000Z-5e6f7a8b" in out
    assert "\x1b" not in out


def test_a_store_without_runs_says_so(online: Shop) -> None:
    online.sell(*products(1))
    code, out, _ = online.run(command="status")
    assert (code, out) == (0, f"The store {online.store} has no runs yet.\n")
    code, out, _ = online.run("--follow", command="status")
    assert (code, out) == (0, f"The store {online.store} has no runs yet.\n")


def test_an_upload_from_here_that_came_to_no_run_comes_first(online: Shop, three: object) -> None:
    online.sell()
    online.run()
    _, out, _ = online.run(command="status")
    assert re.match(
        r"The last upload from this computer, [0-9: -]+: failed\.\n  The table has no rows.*\n\nBegan",
        out,
    )


def test_of_an_upload_whose_run_is_in_the_table_nothing_older_is_said(
    online: Shop, three: tuple[Run, ...]
) -> None:
    online.sell(*products(1))
    note = LastRun(NOW, ExitCode.SESSION_EXPIRED, "expired", three[0].run, None, None)
    online.notes.mkdir(parents=True)
    note_last_run(online.notes, note)
    _, out, _ = online.run(command="status")
    assert out.startswith("Began")


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_fits_80_columns_whatever_is_in_it(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    runs = [
        make_run(state, run=RunId(name), read=10_000_000, accepted=9_999_999)
        for state in RunState
        for name in (NEWER, "x" * 300, "[red]商品[/red] \x1b[2J\r\n" * 20 + ".8", ".8", "no dot")
    ]
    print_table(runs)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "[red]" in out
    assert all(character.isprintable() or character == "\n" for character in out)


def test_states_have_colours_on_a_terminal_but_not_with_no_color(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_table([make_run(RunState.FAILED)])
    assert re.search(r"\x1b\[[0-9;]*mfailed\x1b\[0m", capsys.readouterr().out)
    monkeypatch.setenv("NO_COLOR", "1")
    print_table([make_run(RunState.FAILED)])
    assert not re.search(r"\x1b\[[0-9;]*[0-9]m *failed", capsys.readouterr().out)


def test_ctrl_c_changes_nothing(
    online: Shop, three: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("agent.storage.account.AzureStorage.runs", interrupted)
    code, out, err = online.run(command="status")
    assert (code, out, err) == (130, "", "Stopped. Nothing was changed.\n")
