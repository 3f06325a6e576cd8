"""What azd runs after a deployment exists, and is a script that any POSIX shell understands."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.bicep.compiler import INFRA, ROOT

HOOKS = sorted((INFRA / "hooks").glob("*.sh"))
needs_dash = pytest.mark.skipif(shutil.which("dash") is None, reason="needs machine: one with dash")
# What bash understands and dash takes for something else, without a word when it only parses.
BASHISMS = re.compile(
    r"\[\[ | == | &> | <<< | \bpipefail\b | \$' | \$\{\w+(?:,,|\^\^|//|:\d) | \$\{!"
    r"| ^\s*(?:source|function|declare|local|select|typeset)\s | \becho\s+-[en] | \bread\s+-p",
    re.VERBOSE | re.MULTILINE,
)


def azure_yaml() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
    return loaded


def parsed_by_dash(script: Path) -> subprocess.CompletedProcess[str]:
    command = ["dash", "-n", str(script)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.name)
def test_a_hook_has_nothing_that_only_bash_understands(hook: Path) -> None:
    text = hook.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert BASHISMS.search(text) is None


@needs_dash
@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.name)
def test_dash_can_parse_a_hook(hook: Path) -> None:
    done = parsed_by_dash(hook)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "planted",
    [
        *('if [[ -n "$a" ]]; then', '[ "$a" == b ]', "set -o pipefail", "source ./x", "a=${b,,}"),
        *("make &> log", 'cat <<< "$a"', "function f {", "  local a=1", "echo -e x", "a=${!b}"),
    ],
)
def test_what_only_bash_understands_is_noticed(planted: str) -> None:
    assert BASHISMS.search(f"#!/bin/sh\n{planted}\n")


@needs_dash
@pytest.mark.parametrize("planted", ["names=(one two)", "diff <(a) <(b)", "if true; then", "done"])
def test_what_dash_can_not_parse_is_noticed(planted: str, tmp_path: Path) -> None:
    script = tmp_path / "hook.sh"
    script.write_text(f"#!/bin/sh\n{planted}\n", encoding="utf-8")
    assert parsed_by_dash(script).returncode != 0


def test_azd_finds_its_hooks() -> None:
    hooks = azure_yaml()["hooks"]
    assert set(hooks) == {"postdeploy"}
    posix, windows = hooks["postdeploy"]["posix"], hooks["postdeploy"]["windows"]
    assert (posix["shell"], windows["shell"]) == ("sh", "pwsh")
    assert [ROOT / posix["run"]] == HOOKS
    assert os.access(ROOT / posix["run"], os.X_OK) or sys.platform == "win32"


def test_both_systems_run_the_same_program() -> None:
    hook = azure_yaml()["hooks"]["postdeploy"]
    program = hook["windows"]["run"].removeprefix("python ")
    assert f" {program} " in (ROOT / hook["posix"]["run"]).read_text(encoding="utf-8")
    module = program.removeprefix("-m ")
    assert importlib.util.find_spec(f"{module}.__main__") is not None


def test_azd_deploys_this_folder_as_a_python_function_app() -> None:
    description = azure_yaml()
    assert description["services"]["function"] == {
        "project": ".",
        "language": "python",
        "host": "function",
    }
    infra = description["infra"]
    assert (ROOT / infra["path"] / f"{infra['module']}.bicep").is_file()
