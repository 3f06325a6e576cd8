"""Calls of an app's functions through Microsoft's worker library, each time in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev.azurite import ROOT
from dev.files import without_settings
from tests.function_app.app_settings import HARMLESS


def through_the_worker(
    app: Path, *calls: tuple[str, str], **settings: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.function_app.through_the_worker"],
        input=json.dumps({"app": str(app), "calls": calls}),
        env=without_settings(os.environ) | HARMLESS | settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def worked(process: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert process.returncode == 0, process.stderr
    answer: dict[str, Any] = json.loads(process.stdout)
    return answer
