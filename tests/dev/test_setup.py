"""Set-up waits for its turn to use apt-get."""

import sys
from pathlib import Path

import pytest

from dev.setup import running
from dev.setup.running import SetUpError, apt_install

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs machine: one with apt-get")

LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file in which a fake apt-get notes its calls.

    A call fails if there is a `locked.STEP` beside it, which it removes, or a `broken.STEP`.
    """
    program = tmp_path / "apt-get"
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$1" >> {tmp_path}/calls\n'
        f'if rm {tmp_path}/locked.$1 2> /dev/null; then echo "{LOCKED}"; exit 100; fi\n'
        f"if [ -e {tmp_path}/broken.$1 ]; then echo E: No such package; exit 100; fi\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path / "calls"


@pytest.mark.parametrize("step", ["update", "install"])
def test_set_up_waits_for_an_apt_get_that_holds_the_lock(
    step: str, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.with_name(f"locked.{step}").touch()
    apt_install("libodbc2")
    done = calls.read_text(encoding="utf-8").split()
    assert done.count(step) == 2
    assert capsys.readouterr().out.count("Waiting for another apt-get") == 1


def test_the_wait_for_the_lock_is_limited(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LOCK_SECONDS", 0)
    calls.with_name("locked.install").touch()
    with pytest.raises(SetUpError, match="libodbc2"):
        apt_install("libodbc2")


def test_any_other_failure_is_reported_at_once(
    calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.with_name("broken.install").touch()
    with pytest.raises(SetUpError, match="libodbc2"):
        apt_install("libodbc2")
    assert "No such package" in capsys.readouterr().out
    assert calls.read_text(encoding="utf-8").split() == ["update", "install"]
