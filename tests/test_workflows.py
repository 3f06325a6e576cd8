"""The workflow files: zizmor and the house's rules find nothing, and would find what they look for."""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sysconfig
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from dev.setup.__main__ import SUPPORTED
from tests.test_house import ignored_by, walk
from tests.workflow_rules import ROOT, RULES, Workflow

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").iterdir())
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"


def workflow(name: str) -> Workflow:
    return Workflow(name, (GITHUB / "workflows" / name).read_text(encoding="utf-8"))


def problems(of: Workflow) -> list[str]:
    return [problem for rule in RULES for problem in rule(of)]


def zizmor(folder: Path) -> tuple[set[str], str]:
    """Return what kinds of problem zizmor finds in a folder, and which files it says it read."""
    program = shutil.which("zizmor", path=sysconfig.get_path("scripts"))
    assert program, "zizmor is not installed"
    command = [program, "--offline", "--persona=auditor", "--strict-collection", "--no-progress"]
    done = subprocess.run(
        [*command, "--no-exit-codes", "--format=json", "--color=never", "."],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {finding["ident"] for finding in json.loads(done.stdout)}, done.stderr


def test_zizmor_reads_every_file_and_finds_nothing() -> None:
    found, said = zizmor(GITHUB)
    assert found == set()
    for path in [*WORKFLOWS, GITHUB / "dependabot.yml"]:
        assert f"completed {'./' + path.relative_to(GITHUB).as_posix()}" in said.replace("\\", "/")


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("test.yml", CHECKOUT, "actions/checkout@v7", "unpinned-uses"),
        ("test.yml", "persist-credentials: false", "fetch-depth: 1", "artipacked"),
        ("test.yml", "permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("test.yml", "  pull_request:", "  pull_request_target:", "dangerous-triggers"),
        (
            "test.yml",
            "run: make PYTHON=python test",
            "run: echo '${{ github.event.pull_request.title }}'",
            "template-injection",
        ),
        ("executable.yml", 'python-version: "3.13"', "cache: pip", "cache-poisoning"),
        ("deploy.yml", "$/.github", "./.github", "self-repository"),
        (
            "deploy.yml",
            "id-token: write  # to sign in to Azure as this workflow",
            "id-token: write",
            "undocumented-permissions",
        ),
    ],
)
def test_zizmor_finds(tmp_path: Path, file: str, old: str, new: str, expected: str) -> None:
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / file).write_text(replaced(file, old, new).text, encoding="utf-8")
    found, _ = zizmor(tmp_path)
    assert expected in found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_keeps_the_houses_rules(path: Path) -> None:
    assert problems(workflow(path.name)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("test.yml", CHECKOUT, "actions/checkout@v7", "not pinned"),
        ("test.yml", CHECKOUT, CHECKOUT.partition(" #")[0], "not pinned"),
        ("test.yml", CHECKOUT, CHECKOUT.replace("3d3c42e5", ""), "not pinned"),
        ("deploy.yml", "tested.yml", "checked.yml", "is not there"),
        ("test.yml", "permissions: {}", "permissions:\n  contents: read", "at the top"),
        ("test.yml", "contents: read ", "contents: write ", "test must not write contents"),
        ("test.yml", "contents: read ", "id-token: write ", "test must not write id-token"),
        ("deploy.yml", "contents: read ", "contents: write ", "deploy must not write contents"),
        ("deploy.yml", "    environment: production\n", "", "no environment"),
        (
            "tested.yml",
            "    permissions:\n      actions: read",
            "    env:\n      A: b",
            "does not list",
        ),
        (
            "deploy.yml",
            '"$AZURE_CLIENT_ID"',
            "${{ vars.AZURE_CLIENT_ID }}",
            "expression in a script",
        ),
        ("deploy.yml", "vars.AZURE_TENANT_ID", "secrets.AZURE_TENANT_ID", "stored secret"),
        ("test.yml", "    timeout-minutes: 60\n", "", "more than 60 minutes"),
        ("test.yml", "windows-2025", "windows-latest", "whatever system"),
        ("executable.yml", "windows-2025", "windows-latest", "whatever system"),
        ("test.yml", "PYTHON=python test", "PYTHON=python tests", "no make tests"),
        ("executable.yml", "-m PyInstaller", "-m NoInstaller", "no module NoInstaller"),
        ("executable.yml", ".[executable,", ".[exe,", "no extra exe"),
        ("executable.yml", "shopmaster.spec", "shopmster.spec", "no file packaging/shopmster.spec"),
        ("tested.yml", "test.yml", "tests.yml", "no workflow tests.yml"),
        ("executable.yml", '"3.13"', '"3.10"', 'Python "3.10" is not supported'),
        ("deploy.yml", "toJSON(vars)", "vars.OPERATOR_EMAIL", "variables"),
        ("deploy.yml", "azd env set", "azd env get-value", "variables"),
    ],
)
def test_the_houses_rules_find(file: str, old: str, new: str, expected: str) -> None:
    found = problems(replaced(file, old, new))
    assert any(expected in problem for problem in found), found


def test_an_action_has_one_version_in_all_workflows() -> None:
    assert doubled([workflow(path.name) for path in WORKFLOWS]) == set()
    other = replaced("deploy.yml", CHECKOUT, CHECKOUT.replace("v7.0.1", "v7.0.0"))
    assert doubled([workflow("test.yml"), other]) == {"actions/checkout"}


def test_each_supported_python_is_tested_on_both_systems() -> None:
    matrix = workflow("test.yml").jobs["test"]["strategy"]["matrix"]
    assert set(matrix["python"]) == set(SUPPORTED)
    assert {system.partition("-")[0] for system in matrix["system"]} == {"ubuntu", "windows"}


def test_the_project_requires_the_supported_pythons() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    minors = sorted(int(version.removeprefix("3.")) for version in SUPPORTED)
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert project["requires-python"] == f">=3.{minors[0]},<3.{minors[-1] + 1}"


def test_the_bicep_version_is_said_in_one_place() -> None:
    version = re.compile(rf"(?<![\d.]){re.escape(bicep()['BICEP_VERSION'])}(?![\d.])")
    naming = [
        path.relative_to(ROOT).as_posix()
        for path in walk(ROOT, ignored_by(".gitignore"))
        if version.search(path.read_text("utf-8", errors="ignore"))
    ]
    assert naming == [".github/workflows/test.yml"]


def test_the_checksum_is_that_of_the_bicep_compiler() -> None:
    program = os.environ.get("BICEP") or shutil.which("bicep")
    version = bicep()["BICEP_VERSION"]
    if not program or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip(f"needs machine: Linux x64 with the Bicep CLI {version} ($BICEP or PATH)")
    content = Path(program).read_bytes()
    if version.encode() not in content:
        pytest.skip(f"needs machine: one whose Bicep CLI is {version}")
    assert hashlib.sha256(content).hexdigest() == bicep()["BICEP_SHA256"]


def replaced(file: str, old: str, new: str) -> Workflow:
    """Return a workflow with an error planted in it."""
    original = workflow(file)
    assert old in original.text
    return Workflow(file, original.text.replace(old, new))


def doubled(workflows: list[Workflow]) -> set[str]:
    """Return the actions that are pinned in more than one way."""
    pins = {used for each in workflows for used in each.uses if "@" in used}
    names = [pin.partition("@")[0].casefold() for pin in pins]
    return {name for name in names if names.count(name) > 1}


def bicep() -> Mapping[str, str]:
    """Return the version and the checksum of the compiler that the workflow installs."""
    steps = workflow("test.yml").jobs["test"]["steps"]
    (found,) = (step["env"] for step in steps if "BICEP_VERSION" in step.get("env", {}))
    return {str(name): str(value) for name, value in found.items()}
