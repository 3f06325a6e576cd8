"""One upload of a store at a time on this computer; a crash leaves nothing in the way."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.errors import AgentError
from agent.lock import BusyError, Lock
from tests.loopback import python_path

ROOT = Path(__file__).resolve().parents[2]
HOLD = (
    "import sys; from pathlib import Path; from agent.lock import Lock\n"
    "with Lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def held_by_another_process(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        env={**os.environ, "PYTHONPATH": python_path(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_and_told_who_and_since_when(tmp_path: Path) -> None:
    with (
        held_by_another_process(tmp_path) as process,
        pytest.raises(BusyError) as raised,
        Lock(tmp_path),
    ):
        raise AssertionError
    assert f"process {process.pid} of the account " in raised.value.cause
    assert ", since 20" in raised.value.cause
    assert "Nothing was uploaded" in raised.value.cause
    assert "Wait" in raised.value.remedy


def test_a_process_that_was_killed_is_no_obstacle(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path) as process:
        process.kill()
        process.wait()
        assert (tmp_path / "lock").stat().st_size > 0
        with Lock(tmp_path):
            holder = json.loads((tmp_path / "lock").read_bytes())
            assert holder["process"] == os.getpid()


def test_the_same_process_is_refused_as_well_until_it_gives_it_back(tmp_path: Path) -> None:
    with Lock(tmp_path), pytest.raises(BusyError), Lock(tmp_path):
        raise AssertionError
    with pytest.raises(ZeroDivisionError), Lock(tmp_path):
        raise ZeroDivisionError
    with Lock(tmp_path):
        pass


def test_two_stores_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with Lock(tmp_path / "0001"), Lock(tmp_path / "0002"):
        pass


@pytest.mark.parametrize("introduction", [b"", b"{", b'{"since": 7}', b"[]"])
def test_a_holder_that_has_not_introduced_itself_yet_is_in_the_way_too(
    tmp_path: Path, introduction: bytes
) -> None:
    with Lock(tmp_path):
        (tmp_path / "lock").write_bytes(introduction)
        with pytest.raises(BusyError, match=r"on this computer\. Nothing"), Lock(tmp_path):
            raise AssertionError


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(AgentError, match="can't be written to"), Lock(tmp_path):
        raise AssertionError
