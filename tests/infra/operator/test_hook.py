"""azd's hook runs under a plain POSIX shell, and its failure is the deployment's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.installation import BICEP
from tests.infra.operator.cloud import Cloud

HOOK = BICEP / "hooks" / "postdeploy.sh"
SHELL = shutil.which("dash") or shutil.which("sh")
pytestmark = pytest.mark.skipif(SHELL is None, reason="needs machine: one with a POSIX shell")


def hook(cloud: Cloud, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the hook as azd does: in another process, with the values in its environment."""
    return subprocess.run(
        [str(SHELL), str(HOOK), *arguments],
        cwd=cloud.folder,
        env={**os.environ, "PYTHON": sys.executable, "PYTHONIOENCODING": "utf-8", **more},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_a_good_deployment_passes(cloud: Cloud) -> None:
    ended = hook(cloud)
    assert (ended.returncode, ended.stderr.count("✓")) == (0, 2), ended.stderr


@pytest.mark.parametrize("functions", [[], ["upload_catalog"]])
def test_a_deployment_without_its_functions_fails(cloud: Cloud, functions: list[str]) -> None:
    with cloud.change() as state:
        state["functions"] = functions
    ended = hook(cloud, "--patience", "0")
    assert (ended.returncode, "Error: func-shops" in ended.stderr) == (1, True)


def test_the_smoke_test_can_be_switched_on_in_the_azd_environment(cloud: Cloud) -> None:
    ended = hook(cloud, SMOKE_TEST="true")
    assert (ended.returncode, "Uploading three products" in ended.stderr) == (1, True)
    assert "infra.store add smoke-test" in ended.stderr


def test_python_that_is_missing_fails_the_deployment(cloud: Cloud, tmp_path: Path) -> None:
    assert hook(cloud, PYTHON=str(tmp_path / "nowhere")).returncode != 0


def test_a_locale_without_the_marks_does_not_stop_it(cloud: Cloud) -> None:
    ended = hook(cloud, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert ended.returncode == 0, ended.stderr
