"""The real compiler has nothing to say about any file, and the kept snapshots are what it makes of them."""

import shutil
from pathlib import Path

import pytest

from tests.infra.bicep.compiler import (
    INFRA,
    PARAMETERS,
    ROOT,
    Diagnostic,
    bicep,
    lint,
    needs_bicep,
    parameter_files,
    snapshot,
)

pytestmark = needs_bicep
# A property that no storage account has, an unused parameter and an odd indent, among the real files.
PLANTED = """param location string
param unused string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: 'planted'
    location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowSharedKeyAcces: false
  }
}
"""
KINDS = ("**/*.bicep", "**/*.bicepparam")


def copied(folder: Path) -> Path:
    """Copy all Bicep files, and return the copy of the project's root."""
    for source in (INFRA, PARAMETERS):
        ignored = shutil.ignore_patterns("*.py", "__pycache__")
        shutil.copytree(source, folder / source.relative_to(ROOT), ignore=ignored)
    return folder


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of all Bicep files with one more, in which there are errors."""
    root = copied(tmp_path_factory.mktemp("bicep"))
    (root / "infra" / "planted.bicep").write_text(PLANTED, encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def said(copy: Path) -> list[Diagnostic]:
    """Return what the compiler says about all of them: it takes seconds to start, so it is asked once."""
    return [said for kind in KINDS for said in lint(copy, kind)]


def test_the_compiler_has_not_one_warning(said: list[Diagnostic]) -> None:
    assert [each for each in said if each.file != "planted.bicep"] == []


def test_a_misspelt_property_and_an_unused_parameter_are_noticed(said: list[Diagnostic]) -> None:
    """The first is only a warning, and leaves the compiler's exit code at 0."""
    rules = {each.rule for each in said if each.file == "planted.bicep"}
    assert rules == {"BCP089", "no-unused-params"}


def test_every_file_is_formatted_and_another_format_is_noticed(copy: Path) -> None:
    before = {path: path.read_text("utf-8") for kind in KINDS for path in copy.glob(kind)}
    for kind in KINDS:
        done = bicep("format", "--pattern", kind, directory=copy)
        assert done.returncode == 0, done.stderr
    changed = [path.name for path, text in before.items() if path.read_text("utf-8") != text]
    assert len(before) > 15
    assert changed == ["planted.bicep"]


def test_every_file_compiles(tmp_path: Path) -> None:
    root = copied(tmp_path)
    done = bicep("build", "--pattern", "**/*.bicep", directory=root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    sources = {path.with_suffix(".json") for path in root.rglob("*.bicep")}
    assert sources <= set(root.rglob("*.json"))


@pytest.mark.parametrize("parameters", parameter_files(), ids=lambda path: path.stem)
def test_a_deployment_is_what_its_snapshot_says(parameters: Path) -> None:
    """After a change that is meant: `python -m tests.infra.bicep` writes the snapshots anew."""
    done = snapshot(parameters, "validate")
    assert done.returncode == 0, done.stdout + done.stderr


def test_another_outcome_is_noticed(tmp_path: Path) -> None:
    root = copied(tmp_path)
    store = root / "infra" / "store.bicep"
    text = store.read_text(encoding="utf-8")
    store.write_text(text.replace("${store}/", "${store}"), encoding="utf-8")
    done = snapshot(root / PARAMETERS.relative_to(ROOT) / "one_store.bicepparam", "validate")
    assert done.returncode == 1
    assert "StringStartsWith '0001'" in done.stdout + done.stderr
