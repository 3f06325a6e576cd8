"""The computer is kept awake during an upload, if it can be, and the upload doesn't depend on it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.awake import awake
from tests.loopback import python_path

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="needs machine: Linux, where a program keeps it awake"
)

ROOT = Path(__file__).resolve().parents[2]


def inhibitor(folder: Path, script: str) -> None:
    """Put a `systemd-inhibit` into the folder."""
    program = folder / "systemd-inhibit"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def wait_for(file: Path) -> str:
    ends = time.monotonic() + 20
    while not file.exists():
        assert time.monotonic() < ends
        time.sleep(0.01)
    return file.read_text(encoding="utf-8")


SCRIPT = 'echo "$@" > "{0}/new" && mv "{0}/new" "{0}/asked"; cat; touch "{0}/ended"'


def test_sleep_is_held_off_until_the_block_ends(path: Path) -> None:
    inhibitor(path, SCRIPT.format(path))
    with awake():
        asked = wait_for(path / "asked")
        assert not (path / "ended").exists()
    assert asked == "--what=sleep:idle --who=shopmaster --why=uploading cat\n"
    assert (path / "ended").exists()


def test_it_ends_with_our_process_even_if_that_is_killed(path: Path) -> None:
    inhibitor(path, SCRIPT.format(path))
    program = "import time; from agent.awake import awake\nwith awake(): print('', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={"PATH": f"{path}:/usr/bin:/bin", "PYTHONPATH": python_path(ROOT)},
    ) as process:
        wait_for(path / "asked")
        process.kill()
    wait_for(path / "ended")


@pytest.mark.parametrize("script", ["exit 1", "echo no >&2; exit 1"])
def test_an_account_that_may_not_do_that_uploads_all_the_same(
    path: Path, script: str, capfd: pytest.CaptureFixture[str]
) -> None:
    inhibitor(path, script)
    with awake():
        pass
    assert capfd.readouterr() == ("", "")


def test_a_computer_that_cannot_do_that_uploads_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(path))
    with awake():
        pass
    (path / "systemd-inhibit").write_text("no program", encoding="utf-8")
    (path / "systemd-inhibit").chmod(0o755)
    with awake():
        pass


def test_an_error_in_the_block_is_passed_on(path: Path) -> None:
    inhibitor(path, "cat")
    with pytest.raises(ZeroDivisionError), awake():
        raise ZeroDivisionError
