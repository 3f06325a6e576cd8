"""The command `schedule` on Linux, with a systemd stand-in that really starts what it is given."""

import json
import os
import re
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.command_line.main import main
from agent.scheduling.notes import Notes
from contract.blobs import StoreName
from tests.agent.scheduling.standing_in import Systemd, stand_in
from tests.agent.shops import clean_environment, make_shop, products
from tests.loopback import python_path

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs machine: Linux")


@dataclass
class Shop:
    """A shop with its settings file, and what its agent prints."""

    store: StoreName
    config: Path
    systemd: Systemd
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(["schedule", *arguments, "--config", str(self.config)])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        return code, said.out, said.err

    @property
    def state(self) -> Path:
        return self.config.parent / ".shopmaster" / self.store

    @property
    def units(self) -> set[str]:
        names = {path.name for path in self.systemd.units.iterdir()}
        return {name.replace(self.store, "STORE") for name in names}


@pytest.fixture
def shop(
    tmp_path: Path,
    storage: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shop:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", python_path(ROOT))
    folder = tmp_path / 'Läden "& Söhne" 50 % $HOME'
    folder.mkdir()
    (folder / "token").write_text("opaque", encoding="utf-8")
    make_shop(folder / "shop.db", products(3))
    store = StoreName(uuid.uuid4().hex)
    config = folder / "shopmaster.toml"
    config.write_text(
        f'store = "{store}"\n'
        '[database]\nsqlite = "shop.db"\ntable = "Products"\n'
        f"[storage]\nconnection_string = '{storage}'\n"
        '[digible]\ntoken_file = "token"\n',
        encoding="utf-8",
    )
    config.chmod(0o600)
    (folder / "token").chmod(0o600)
    return Shop(store, config, stand_in(tmp_path / "systemd", monkeypatch), capsys)


def test_a_schedule_is_installed_once_a_run_has_proved_it(shop: Shop) -> None:
    code, out, err = shop.run("install")
    assert (code, err) == (0, "")
    assert re.search(r"Installed: every day at 04:\d\d:\d\d, as ", out)
    assert shop.units == {"shopmaster-STORE.service", "shopmaster-STORE.timer"}
    proof = Notes(shop.state).proof()
    assert proof is not None
    assert proof.problems == ()
    starts = [call for call in shop.systemd.changes() if call.startswith(("start", "restart"))]
    assert starts == [
        f"start shopmaster-{shop.store}-proof.service",
        f"restart shopmaster-{shop.store}.timer",
    ]


def test_nothing_is_installed_if_the_account_can_not_upload(shop: Shop) -> None:
    (shop.config.parent / "shop.db").unlink()
    code, _, err = shop.run("install")
    assert code == 1
    assert "Nothing was installed, because" in err
    assert "can't upload yet:\n  - " in err
    assert "shop.db" in err
    assert shop.units == set()
    assert Notes(shop.state).installed() is None


def test_a_failed_proof_leaves_an_earlier_schedule_as_it_is(shop: Shop) -> None:
    assert shop.run("install")[0] == 0
    before = {path: path.read_bytes() for path in shop.systemd.units.iterdir()}
    (shop.config.parent / "shop.db").rename(shop.config.parent / "moved.db")
    assert shop.run("install", "--hourly")[0] == 1
    assert {path: path.read_bytes() for path in shop.systemd.units.iterdir()} == before
    assert shop.run("show")[0] == 0


def test_an_hourly_schedule_replaces_a_daily_one(shop: Shop) -> None:
    shop.run("install", "--at", "22:15")
    code, out, _ = shop.run("install", "--hourly")
    assert code == 0
    assert "every hour at" in out
    timer = (shop.systemd.units / f"shopmaster-{shop.store}.timer").read_text("utf-8")
    assert re.search(r"OnCalendar=\*-\*-\* \*:\d\d:\d\d", timer)


def test_a_run_that_leaves_no_proof_is_explained(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.command_line.schedule_plan.sys.executable", "/bin/false")
    code, _, err = shop.run("install")
    assert code == 1
    assert "left no proof: failed (code 1)" in err
    assert "put them where every account may read them" in err
    assert shop.units == set()


def test_show_tells_about_the_schedule(shop: Shop) -> None:
    shop.run("install")
    code, out, _ = shop.run("show")
    assert code == 0
    assert f"Store:     {shop.store}" in out
    assert "Last run:  none yet" in out
    assert "Next run:  2026-11-30" in out
    assert max(map(len, out.splitlines()[:5])) <= 80


def test_show_tells_programs_the_same(shop: Shop) -> None:
    shop.run("install")
    code, out, _ = shop.run("show", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["present"], found["enabled"], found["running"]) == (True, True, False)
    assert (found["version"], found["store"], found["problem"]) == (1, shop.store, None)
    assert found["next_run"] == "2026-11-30T02:13:07Z"
    assert found["settings"] == str(shop.config)


def test_show_says_if_nothing_is_scheduled(shop: Shop) -> None:
    code, out, _ = shop.run("show")
    assert code == 1
    assert "No upload is scheduled.\nRun `shopmaster schedule install`." in out


def test_show_says_if_somebody_removed_it(shop: Shop) -> None:
    shop.run("install")
    for unit in shop.systemd.units.iterdir():
        unit.unlink()
    (shop.systemd.folder / "memory.json").unlink()
    code, out, _ = shop.run("show")
    assert code == 1
    assert re.search(r"The schedule that was installed on 20\d\d-.* has been removed\.", out)


def test_show_says_if_somebody_disabled_it(shop: Shop) -> None:
    shop.run("install")
    memory = shop.systemd.folder / "memory.json"
    memory.write_text(json.dumps({**json.loads(memory.read_text("utf-8")), "enabled": []}))
    code, out, _ = shop.run("show")
    assert code == 1
    assert "has been disabled" in out
    assert "Next run:  none" in out


def test_a_schedule_is_removed_with_all_that_belongs_to_it(shop: Shop) -> None:
    shop.run("install")
    assert shop.run("remove")[:2] == (0, f"The schedule of store {shop.store} has been removed.\n")
    assert shop.units == set()
    assert shop.run("remove")[:2] == (0, f"There was no schedule of store {shop.store}.\n")
    assert "No upload is scheduled." in shop.run("show")[1]


def test_without_the_rights_it_says_what_to_do(shop: Shop) -> None:
    shop.systemd.fail("denied")
    code, _, err = shop.run("install")
    assert code == 1
    assert "Access denied" in err
    assert "as root" in err


def test_without_systemd_it_says_what_to_do_instead(shop: Shop) -> None:
    shop.systemd.fail("no-systemd")
    for action in ("install", "show"):
        code, _, err = shop.run(action)
        assert code == 1
        assert "systemd doesn't run here" in err
        assert "shopmaster schedule run --config FILE" in err


def test_without_systemd_nothing_is_changed(shop: Shop) -> None:
    shop.systemd.fail("no-systemd")
    shop.run("install")
    assert shop.units == set()
    assert list(shop.state.glob("schedule*")) == []
    assert all(call.startswith("show") for call in shop.systemd.calls)


def test_without_systemd_programs_learn_that_nobody_knows(shop: Shop) -> None:
    shop.run("install")
    shop.systemd.fail("no-systemd")
    code, out, err = shop.run("show", "--json")
    found = json.loads(out)
    assert (code, err) == (1, "")
    assert (found["present"], found["enabled"], found["running"]) == (None, None, None)
    assert found["settings"] == str(shop.config)
    assert "systemd doesn't run here" in found["problem"]
    shop.systemd.mend("no-systemd")
    assert json.loads(shop.run("show", "--json")[1]).keys() == found.keys()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs machine: root")
@pytest.mark.parametrize("was_there", [False, True])
def test_a_failed_proof_leaves_the_state_folder_to_whom_it_belonged(
    shop: Shop, *, was_there: bool
) -> None:
    if was_there:
        assert shop.run("install", "--account", "bin")[0] == 0
    proof = Notes(shop.state).proof()
    owner = shop.state.owner() if was_there else "root"
    (shop.config.parent / "shop.db").unlink()
    assert shop.run("install", "--account", "daemon")[0] == 1
    for path in (shop.state, *shop.state.rglob("*")):
        assert path.owner() == owner, path
    if was_there:
        assert owner == "bin"
        assert Notes(shop.state).proof() == proof  # that of the schedule that stays


def test_an_account_that_does_not_exist_is_refused(shop: Shop) -> None:
    code, _, err = shop.run("install", "--account", "nobody-of-that-name")
    assert code == 1
    assert "no account nobody-of-that-name" in err


def test_settings_in_the_environment_alone_can_not_be_scheduled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, storage: str, tmp_path: Path
) -> None:
    monkeypatch.setattr("agent.settings.file.machine_wide_file", lambda _: tmp_path / "no.toml")
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "STORE": shop.store,
        "DATABASE__SQLITE": "shop.db",
        "DATABASE__TABLE": "Products",
        "STORAGE__CONNECTION_STRING": storage,
    }.items():
        monkeypatch.setenv(f"SHOPMASTER_{name}", value)
    assert main(["schedule", "install"]) == 2
    assert "run `shopmaster configure`" in shop.capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [("install", "--at", "25:00"), ("install", "--at", "2:00", "--hourly")]
)
def test_wrong_times_are_refused(shop: Shop, arguments: tuple[str, ...]) -> None:
    assert shop.run(*arguments)[0] == 2
