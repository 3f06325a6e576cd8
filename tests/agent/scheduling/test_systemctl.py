"""What systemd says about a service, in our words, and what to do when it says no."""

import sys
from pathlib import Path

import pytest

from agent.errors import ScheduleError
from agent.scheduling.plan import USUAL_AT, Plan, UserAccount, daily
from agent.scheduling.results import words
from agent.scheduling.systemctl import Systemctl, last_code
from agent.scheduling.systemd import SystemdUnits
from tests.agent.scheduling.plans import STORE
from tests.agent.scheduling.standing_in import stand_in

ENDED = {"ExecMainExitTimestamp": "Mon 2026-11-30 04:13:09 UTC", "ExecMainCode": "1"}


@pytest.mark.parametrize(
    ("properties", "code", "said"),
    [
        ({"Result": "success"}, None, "has not ended"),
        ({**ENDED, "Result": "success", "ActiveState": "activating"}, None, "has not ended"),
        ({**ENDED, "Result": "success", "ExecMainStatus": "0"}, 0, "succeeded"),
        (
            {**ENDED, "Result": "success", "ExecMainStatus": "4"},
            4,
            "completed, some products were rejected",
        ),
        (
            {**ENDED, "Result": "exit-code", "ExecMainStatus": "203"},
            203,
            "its program was not found, or its account may not start it",
        ),
        (
            {**ENDED, "Result": "oom-kill", "ExecMainStatus": "9", "ExecMainCode": "2"},
            137,
            "it was killed, by somebody or for want of memory",
        ),
        (
            {**ENDED, "Result": "signal", "ExecMainStatus": "2", "ExecMainCode": "2"},
            130,
            "stopped",
        ),
        ({"Result": "resources", "ExecMainStatus": "0"}, 1, "failed"),
    ],
    ids=[
        *("never", "runs", "succeeded", "with rejections", "no program"),
        *("out of memory", "interrupted", "not started"),
    ],
)
def test_how_a_run_ended_is_told_as_a_shell_would(
    properties: dict[str, str], code: int | None, said: str
) -> None:
    """A signal's number is no exit code: 2 would be a wrong usage."""
    assert last_code(properties) == code
    assert words(code) == said


@pytest.mark.skipif(sys.platform != "linux", reason="needs machine: Linux")
@pytest.mark.parametrize(
    ("is_system", "remedy"), [(True, "its own scheduler"), (False, r"not with `su` or `sudo`")]
)
def test_a_systemd_that_cannot_be_reached_says_where_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_system: bool, remedy: str
) -> None:
    stand_in(tmp_path, monkeypatch).fail("no-bus")
    with pytest.raises(ScheduleError, match=remedy):
        Systemctl(is_system=is_system).do("daemon-reload")


def test_a_users_own_schedule_runs_as_nobody_else(tmp_path: Path) -> None:
    units = SystemdUnits(STORE, is_system=False, own="anna")
    other = Plan(
        STORE,
        ("/bin/false",),
        tmp_path / "shopmaster.toml",
        tmp_path / "state",
        UserAccount("till"),
        daily(USUAL_AT, STORE),
    )
    with pytest.raises(ScheduleError, match="With --user the upload runs as anna, not as till"):
        units.prepare(other)
    assert not other.state.exists()
    units.prepare(
        Plan(STORE, other.program, other.config, other.state, UserAccount("anna"), other.times)
    )
    assert other.state.is_dir()
