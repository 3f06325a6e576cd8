"""The stand-in for `az` knows what the real one knows: each command line of ours is given to both."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.deployment.smoke_test import STORE
from tests.infra.operator.az_stand_in.command import ROOT
from tests.infra.operator.az_stand_in.running import COMMANDS
from tests.infra.operator.cloud import NOW, PERSON, Cloud

REAL = os.environ.get("AZURE_CLI") or shutil.which("az")  # before a test puts the stand-in there
needs_az = pytest.mark.skipif(
    REAL is None, reason="needs machine: one with the Azure CLI (`az`, or its path in AZURE_CLI)"
)
Shape = tuple[str, ...]


@pytest.fixture
def shapes(cloud: Cloud, certificates: tuple[Path, Path], storage: str) -> dict[Shape, list[str]]:
    """Do all that the programs can do; return a call of each shape: its words and its options."""
    with cloud.change() as state:
        state["blob_connection"] = storage
        state["deleted_secrets"]["digible-token-0001"] = {
            "versions": [{"created": NOW.isoformat(), "expires": None}]
        }
    cloud.machine("till", 1)
    cloud.store("add", "0001", "--arc", "till", "--arc-resource-group", "rg-shops")
    cloud.store("add", "0002", "--certificate", str(certificates[0]))
    cloud.store("add", STORE, "--principal-id", PERSON, "--principal-type", "User")
    cloud.deployment("--smoke-test", "--patience", "0")
    upload = cloud.calls("storage", "blob", "upload")[-1]
    _put_record(storage, STORE, upload)
    cloud.store("list")
    for store in ("0001", "0002", STORE):
        cloud.store("check", store)
        cloud.store("remove", store, "--yes")
    return {_shape(call): call for call in cloud.state["calls"]}


def _put_record(connection: str, store: str, upload: list[str]) -> None:
    from azure.storage.blob import ContainerClient  # noqa: PLC0415  only this test needs it

    with ContainerClient.from_connection_string(connection, "catalogs") as catalogs:
        catalogs.delete_blob(upload[upload.index("--name") + 1])
    with ContainerClient.from_connection_string(connection, "runs") as runs:
        runs.upload_blob(f"{store}/of-the-test.json", b"{}", overwrite=True)


def _shape(call: list[str]) -> Shape:
    words = call[: next(at for at, word in enumerate(call) if word.startswith("--"))]
    return (" ".join(words), *sorted(word for word in call if word.startswith("--")))


def test_the_stand_in_knows_no_command_that_the_programs_do_not_use(
    shapes: dict[Shape, list[str]],
) -> None:
    assert {shape[0] for shape in shapes} == set(COMMANDS)


@needs_az
def test_the_real_az_takes_every_command_line(
    shapes: dict[Shape, list[str]], tmp_path: Path
) -> None:
    """Signed out, `az` parses and validates the arguments, and then asks for a sign-in."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        said = dict(
            zip(shapes, pool.map(lambda call: _ask(call, tmp_path), shapes.values()), strict=True)
        )
    wrong = {shape: text for shape, text in said.items() if "az login" not in text}
    assert {shape[0] for shape in wrong} <= {"account list"}, wrong


@needs_az
@pytest.mark.parametrize("planted", [["--all-of-them"], ["--ids"]])
def test_a_command_line_that_the_real_az_does_not_know_is_seen(
    tmp_path: Path, planted: list[str]
) -> None:
    assert "az login" not in _ask(["role", "assignment", "list", *planted], tmp_path)


def _ask(call: Iterable[str], folder: Path) -> str:
    ended = subprocess.run(
        [str(REAL), *(_with_files(word, folder) for word in call)],
        env={
            **os.environ,
            "AZURE_CONFIG_DIR": str(folder / "az"),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            # It looks for a newer version of itself: this leads nowhere.
            "HTTPS_PROXY": "http://127.0.0.1:9",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
    )
    return ended.stderr if ended.returncode else "it did something"


def _with_files(word: str, folder: Path) -> str:
    """Return an argument with files that are there; Bicep would need its compiler, JSON doesn't."""
    if word.endswith(".bicep"):
        source = Path(word).read_text(encoding="utf-8")
        names = re.findall(r"^param (\w+) string", source, re.MULTILINE)
        file = folder / f"{Path(word).stem}.json"
        template = {"parameters": {name: {"type": "string"} for name in names}, "resources": []}
        file.write_text(json.dumps(template), encoding="utf-8")
        return str(file)
    if word.startswith("@") and not Path(word[1:]).exists():
        return f"@{ROOT / 'host.json'}"  # any JSON
    return word
