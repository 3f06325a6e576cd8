"""Packages from npm are installed once, in the versions that are named, and none is half there."""

import sys
from pathlib import Path

import pytest

from dev.setup import npm, running
from dev.setup.npm import install_from_npm
from dev.setup.running import SetUpError

NPM = """
import json, sys
from pathlib import Path

here = Path(__file__).parent
with (here / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if (here / "broken").exists():
    sys.exit("npm error: no network")
prefix = Path(sys.argv[sys.argv.index("--prefix") + 1])
for package in (argument for argument in sys.argv if "@" in argument[1:]):
    name, _, version = package.rpartition("@")
    folder = prefix / "node_modules" / name
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"version": version}))
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in place of .tools; npm is a program beside it that notes its calls."""
    program = tmp_path / "npm.py"
    program.write_text(NPM, encoding="utf-8")
    folder = tmp_path / "tools"
    monkeypatch.setattr(npm, "machine_npm", lambda: [sys.executable, program])
    monkeypatch.setattr(npm, "TOOLS", folder)
    monkeypatch.setattr(running, "TOOLS", folder)
    return folder


def calls(tools: Path) -> list[str]:
    return tools.with_name("calls").read_text(encoding="utf-8").splitlines()


def test_a_package_is_installed_once(tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        install_from_npm({"@of/this": "1.2.0"}, tools / "here" / "node_modules", "This")
    assert (tools / "here" / "node_modules" / "@of" / "this" / "package.json").is_file()
    assert len(calls(tools)) == 1
    assert capsys.readouterr().out == "Installing This into .tools (up to half a minute) …\n"


def test_another_version_replaces_what_was_there(tools: Path) -> None:
    for version in ("1.2.0", "1.3.0"):
        install_from_npm({"this": version}, tools / "node_modules", "This")
    assert [call.split()[-1] for call in calls(tools)] == ["this@1.2.0", "this@1.3.0"]


def test_no_script_of_a_package_is_run(tools: Path) -> None:
    install_from_npm({"this": "1.2.0"}, tools / "node_modules", "This")
    assert "--ignore-scripts" in calls(tools)[0].split()


def test_a_failure_leaves_nothing_and_says_what_failed(tools: Path) -> None:
    tools.with_name("broken").touch()
    with pytest.raises(
        SetUpError, match=r"This could not be installed from npm\. Check the network"
    ):
        install_from_npm({"this": "1.2.0"}, tools / "node_modules", "This")
    assert not (tools / "node_modules").exists()
