"""The units that systemd gets: they are read without complaint, and the service can do little."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from agent.errors import ScheduleError
from agent.scheduling.plan import Hourly, Job, Plan, UserAccount, daily
from agent.scheduling.units import service, timer
from tests.agent.scheduling.plans import STORE
from tests.agent.scheduling.systemctl_stand_in import words

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs machine: Linux")

MOST_EXPOSED = 2.5
"""By `systemd-analyze security`: 0 is locked up, 10 may do everything."""


def plan(config: Path = Path("/etc/shopmaster/shopmaster.toml")) -> Plan:
    program = (sys.executable, "-m", "agent")
    state = Path("/var/lib/shopmaster/0001")
    return Plan(STORE, program, config, state, UserAccount("root"), daily(time(2), STORE))


def analyse(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("needs machine: one with systemd-analyze")
    return subprocess.run(
        [program, "--no-pager", *arguments],
        cwd=folder,
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder), "SYSTEMD_COLORS": "0"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def written(folder: Path, of: Plan, *, is_system: bool = True) -> Path:
    of.config.parent.mkdir(parents=True, exist_ok=True)
    for job, name in ((Job.RUN, "shopmaster-0001"), (Job.PROOF, "shopmaster-0001-proof")):
        text = service(of, job, is_system=is_system, proof="0123")
        (folder / f"{name}.service").write_text(text, encoding="utf-8")
    (folder / "shopmaster-0001.timer").write_text(timer(of), encoding="utf-8")
    return folder


@pytest.mark.parametrize("is_system", [True, False], ids=["system", "user"])
@pytest.mark.parametrize("times", [daily(time(2), STORE), Hourly(7, 5)])
def test_systemd_reads_the_units_without_complaint(
    tmp_path: Path, is_system: bool, times: Hourly
) -> None:
    odd = replace(plan(tmp_path / 'a "b" $c %d é' / "shopmaster.toml"), times=times)
    folder = written(tmp_path, odd, is_system=is_system)
    scope = "--system" if is_system else "--user"
    units = [f"./{path.name}" for path in folder.iterdir() if path.is_file()]
    done = analyse(folder, "verify", scope, *units)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_complains_about_a_unit_with_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path, plan(tmp_path / "shopmaster.toml"))
    spoilt = folder / "shopmaster-0001.service"
    text = spoilt.read_text("utf-8").replace("ProtectSystem=strict", "ProtectSystem=very")
    spoilt.write_text(text, encoding="utf-8")
    assert "protect system" in analyse(folder, "verify", f"./{spoilt.name}").stderr


def test_the_service_is_hardened(tmp_path: Path) -> None:
    folder = written(tmp_path, plan(tmp_path / "shopmaster.toml"))
    limit = f"--threshold={MOST_EXPOSED * 10:g}"
    done = analyse(folder, "security", "--offline=true", limit, "./shopmaster-0001.service")
    assert done.returncode == 0, done.stdout[-500:]


def test_the_service_says_what_it_may_do() -> None:
    text = service(plan(), Job.RUN, is_system=True)
    for line in (
        *("NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes"),
        *("CapabilityBoundingSet=", "StateDirectory=shopmaster/0001", "User=root"),
        *("SuccessExitStatus=4", "TimeoutStartSec=4h"),
    ):
        assert line in text.splitlines()


def test_a_state_folder_elsewhere_may_be_written_to() -> None:
    elsewhere = replace(plan(), state=Path('/srv/my "shop"/.shopmaster/0001'))
    text = service(elsewhere, Job.RUN, is_system=True)
    assert r'ReadWritePaths="/srv/my \"shop\"/.shopmaster/0001"' in text
    assert "StateDirectory=" not in text


def test_the_service_gets_the_groups_that_its_account_needs() -> None:
    text = service(plan(), Job.RUN, is_system=True, groups=("himds",))
    assert "SupplementaryGroups=himds" in text.splitlines()


def test_a_users_own_service_asks_for_nothing_that_only_the_system_can_give() -> None:
    text = service(plan(), Job.RUN, is_system=False)
    assert not re.search(r"^(User|Protect\w+|CapabilityBoundingSet|Wants)=", text, re.MULTILINE)


def test_a_missed_run_is_caught_up_and_nothing_is_woken() -> None:
    lines = timer(plan()).splitlines()
    assert {"Persistent=true", "WakeSystem=false", "OnCalendar=*-*-* 02:13:07"} <= set(lines)
    assert "OnCalendar=*-*-* *:07:05" in timer(replace(plan(), times=Hourly(7, 5))).splitlines()


@pytest.mark.parametrize(
    "name", ["simple", 'a "quoted" one', "50 % off $HOME ${x}", r"back\slash", "Läden 店", "it's"]
)
def test_every_path_survives(name: str) -> None:
    config = Path("/etc") / name / "shopmaster.toml"
    found = re.search(
        r"^ExecStart=(.*)$", service(plan(config), Job.RUN, is_system=True), re.MULTILINE
    )
    assert found is not None
    assert words(found[1]) == [
        *(sys.executable, "-m", "agent", "schedule", "run"),
        *("--config", str(config)),
    ]


def test_a_path_with_a_line_break_is_refused() -> None:
    with pytest.raises(ScheduleError, match="line break"):
        service(plan(Path("/etc/a\nExecStart=/bin/evil/x.toml")), Job.RUN, is_system=True)
