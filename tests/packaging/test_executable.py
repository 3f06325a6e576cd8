"""`shopmaster` as one file: it is built as its workflow builds it, and does the work of an installed one."""

import gzip
import importlib.util
import json
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

import agent
from agent.scheduling.notes import Notes
from contract.blobs import CATALOGS
from tests.agent.scheduling.standing_in import stand_in
from tests.agent.shops import clean_environment, make_shop, products

ROOT = Path(__file__).resolve().parents[2]

NEEDED = "needs machine: one with PyInstaller (pip install '.[executable]'), and a minute"


def build(folder: Path) -> Path:
    """Build the executable in the folder, and return it."""
    command: list[str | Path] = [
        *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=WARN"),
        *("--distpath", folder / "dist", "--workpath", folder / "build"),
        ROOT / "packaging" / "shopmaster.spec",
    ]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    (found,) = (folder / "dist").iterdir()
    return found


@dataclass
class Program:
    """The executable in a folder far from the repository, without any Python to lean on."""

    executable: Path
    folder: Path

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            name: value for name, value in clean_environment().items() if name != "PYTHONPATH"
        }
        return subprocess.run(
            [self.executable, *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def settings(self, storage: str, **more: str) -> str:
        """Write settings for a new store, and return its name."""
        store = uuid.uuid4().hex
        make_shop(self.folder / "shop.db", products(3))
        (self.folder / "token").write_text("opaque", encoding="utf-8")
        tables = "".join(f"[{name}]\nconnection_string = '{text}'\n" for name, text in more.items())
        config = self.folder / "shopmaster.toml"
        config.write_text(
            f'store = "{store}"\n[database]\nsqlite = "shop.db"\ntable = "Products"\n'
            f"[storage]\nconnection_string = '{storage}'\n"
            f'[digible]\ntoken_file = "token"\n{tables}',
            encoding="utf-8",
        )
        for file in (config, self.folder / "token"):
            file.chmod(0o600)
        return store


@pytest.mark.skipif(importlib.util.find_spec("PyInstaller") is None, reason=NEEDED)
def test_the_executable_does_what_an_installed_agent_does(
    tmp_path: Path, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test, because building takes long."""
    executable = build(tmp_path)
    for name, use in (
        ("said", says_its_version_and_its_help),
        ("uploaded", uploads_with_telemetry),
        ("checked", has_the_driver_manager_and_every_library),
    ):
        (tmp_path / name).mkdir()
        use(Program(executable, tmp_path / name), storage)
    if sys.platform == "linux":
        (tmp_path / "scheduled").mkdir()
        schedules_itself(Program(executable, tmp_path / "scheduled"), storage, monkeypatch)


def says_its_version_and_its_help(program: Program, _storage: str) -> None:
    assert program.run("--version").stdout == f"shopmaster {agent.__version__}\n"
    done = program.run("--help")
    assert done.returncode == 0
    assert "schedule" in done.stdout


def uploads_with_telemetry(program: Program, storage: str) -> None:
    key = f"InstrumentationKey={uuid.uuid4()};IngestionEndpoint=http://127.0.0.1:9/"
    telemetry = {"telemetry": key} if importlib.util.find_spec("opentelemetry") else {}
    store = program.settings(storage, **telemetry)
    done = program.run("upload", "--no-wait")
    assert done.returncode == 0, done.stderr
    assert "No telemetry is sent" not in done.stderr
    with BlobServiceClient.from_connection_string(storage) as service:
        container = service.get_container_client(CATALOGS)
        (blob,) = container.list_blobs(name_starts_with=f"{store}/")
        data = container.download_blob(blob.name).readall()
    assert len(json.loads(gzip.decompress(data))) == 3


def has_the_driver_manager_and_every_library(program: Program, storage: str) -> None:
    program.settings(storage)
    config = program.folder / "shopmaster.toml"
    text = config.read_text("utf-8").replace('sqlite = "shop.db"', 'server = "127.0.0.1,9"')
    text = text.replace('"Products"', '"Products"\ndatabase = "Shop"\nauthentication = "windows"')
    config.write_text(text, encoding="utf-8")
    done = program.run("check")
    assert done.returncode == 1
    assert "ModuleNotFoundError" not in done.stdout + done.stderr
    assert "something unexpected" not in done.stdout + done.stderr
    assert "Right to upload" in done.stdout


def schedules_itself(program: Program, storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = program.settings(storage)
    systemd = stand_in(program.folder / "systemd", monkeypatch)
    home = program.folder / "home"
    monkeypatch.setenv("HOME", str(home))
    (home / ".config" / "systemd").mkdir(parents=True)
    (home / ".config" / "systemd" / "user").symlink_to(systemd.units)
    done = program.run("schedule", "install", "--user")
    assert done.returncode == 0, done.stderr
    proof = Notes(program.folder / ".shopmaster" / store).proof()
    assert proof is not None
    assert proof.problems == ()
    assert any(call.startswith(f"start shopmaster-{store}-proof") for call in systemd.calls)
