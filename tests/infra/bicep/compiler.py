"""The real Bicep compiler, where the machine has one."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
INFRA = ROOT / "infra"
PARAMETERS = Path(__file__).parent / "parameters"

# What azd would put into the environment, for infra/main.bicepparam.
_AZD = {"AZURE_ENV_NAME": "shops", "AZURE_LOCATION": "westeurope"}
# Made-up ids, and always the same ones: a snapshot holds them.
_SCOPE = (
    *("--subscription-id", "00000000-0000-0000-0000-000000000001"),
    *("--tenant-id", "00000000-0000-0000-0000-000000000002"),
    *("--location", "westeurope"),
)
_IN_A_GROUP = ("--resource-group", "rg-shops")


def _found() -> str | None:
    """Return the compiler that `$BICEP` names, or the one on the PATH.

    If `$BICEP` names nothing that is there, the tests fail instead of being skipped.
    """
    named = os.environ.get("BICEP")
    found = shutil.which(named or "bicep")
    return str(Path(found).resolve()) if found else named


BICEP = _found()
needs_bicep = pytest.mark.skipif(
    BICEP is None, reason="needs machine: the Bicep CLI, on the PATH or named by $BICEP"
)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something that the compiler has to say about a file."""

    file: str
    rule: str
    message: str


def bicep(*arguments: str | Path, directory: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the compiler; the caller judges what it says."""
    assert BICEP is not None
    settings = {
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",  # it aborts where libicu is missing
        "DOTNET_BUNDLE_EXTRACT_BASE_DIR": str(ROOT / ".tools" / "dotnet"),
    }
    return subprocess.run(
        [BICEP, *map(str, arguments)],
        cwd=directory,
        env={**os.environ, **settings, **_AZD},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def lint(directory: Path, pattern: str) -> list[Diagnostic]:
    """Return everything the compiler says about the files; a warning leaves its exit code at 0."""
    done = bicep("lint", "--pattern", pattern, "--diagnostics-format", "sarif", directory=directory)
    reports = _documents(done.stdout)
    assert reports, done.stderr
    return [
        Diagnostic(_file(result), result["ruleId"], result["message"]["text"])
        for report in reports
        for run in report["runs"]
        for result in run["results"]
    ]


def snapshot(parameters: Path, mode: str) -> subprocess.CompletedProcess[str]:
    """Evaluate a deployment, and write what it would send to Azure or compare it with what is there."""
    using = parameters.read_text(encoding="utf-8").splitlines()[0]
    group = () if "main.bicep" in using else _IN_A_GROUP
    return bicep("snapshot", parameters, "--mode", mode, *_SCOPE, *group)


def renew(parameters: Path) -> None:
    """Write the snapshot of a deployment anew, with its outputs in order: the compiler shuffles them."""
    done = snapshot(parameters, "overwrite")
    assert done.returncode == 0, done.stderr
    path = parameters.with_suffix(".snapshot.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    document["outputs"] = dict(sorted(document["outputs"].items()))
    text = json.dumps(document, indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def parameter_files() -> list[Path]:
    """Return the parameter files whose snapshots are kept."""
    return sorted(PARAMETERS.glob("*.bicepparam"))


def _file(result: Any) -> str:
    uri: str = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    return uri.rpartition("/")[2]


def _documents(text: str) -> list[Any]:
    """Return the JSON documents that stand one after another: SARIF has one for each file."""
    documents, rest = [], text.strip()
    while rest:
        document, end = json.JSONDecoder().raw_decode(rest)
        documents.append(document)
        rest = rest[end:].strip()
    return documents
