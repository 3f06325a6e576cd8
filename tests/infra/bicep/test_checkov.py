"""checkov finds none of the mistakes that it knows, understands every file, and knows some of our own."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dev.setup.checkov import PYTHON
from tests.infra.bicep.compiler import INFRA

POLICIES = Path(__file__).parent / "policies"
# A policy of ours, the file that breaks it, what stands there now, and the mistake.
PLANTED = [
    ("SHOPMASTER_1", "storage", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
    ("SHOPMASTER_1", "storage", "    allowSharedKeyAccess: false\n", ""),
    ("SHOPMASTER_2", "storage", "allowBlobPublicAccess: false", "allowBlobPublicAccess: true"),
    ("SHOPMASTER_2", "storage", "    allowBlobPublicAccess: false\n", ""),
    ("SHOPMASTER_3", "storage", "'TLS1_2'", "'TLS1_1'"),
    ("SHOPMASTER_3", "storage", "    minimumTlsVersion: 'TLS1_2'\n", ""),
    ("SHOPMASTER_4", "store_roles", "/blobs/read'", "/blobs/*'"),
    ("SHOPMASTER_4", "store_roles", "actions: []", "actions: ['*']"),
]
# The parser that checkov has today knows no such types: it leaves out the file, and says so in one number.
UNPARSED = "param names string[]\n\noutput names string[] = names\n"
# And one of its checks breaks down over a condition, which costs the check and nothing else.
BREAKS_A_CHECK = (
    "publicNetworkAccess: publicNetworkAccess",
    "publicNetworkAccess: true ? 'a' : 'b'",
)
_BROKEN = re.compile(r"Failed to run check (\S+) on \S*/(\w+/[^/]+\.bicep):")


@dataclass(frozen=True, slots=True)
class Report:
    """What checkov found, each finding with the file that it is about."""

    failed: set[tuple[str, str]]
    passed: set[tuple[str, str]]
    skipped: dict[tuple[str, str], str]
    """Why a check is left out."""

    unparsed: list[str]
    broken: set[tuple[str, str]]
    """Checks that broke down, each with the file over which it did."""


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Return what checkov says about infra/, and beside it about files with a mistake each."""
    folder = tmp_path_factory.mktemp("checkov")
    shutil.copytree(INFRA, folder / "infra", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    planted = folder / "planted"
    planted.mkdir()
    (planted / "unparsed.bicep").write_text(UNPARSED, encoding="utf-8")
    for number, (_, module, now, mistake) in enumerate(PLANTED):
        text = (INFRA / "modules" / f"{module}.bicep").read_text(encoding="utf-8")
        assert now in text
        (planted / f"{number}.bicep").write_text(text.replace(now, mistake), encoding="utf-8")
    text = (INFRA / "modules" / "vault.bicep").read_text(encoding="utf-8")
    assert BREAKS_A_CHECK[0] in text
    (planted / "breaking.bicep").write_text(text.replace(*BREAKS_A_CHECK), encoding="utf-8")
    return checked(folder)


def checked(folder: Path) -> Report:
    command = [PYTHON, "-m", "checkov.main", "--directory", folder, "--framework", "bicep"]
    command += ["--external-checks-dir", POLICIES, "--skip-download", "--compact"]
    done = subprocess.run(
        [*map(str, command), "--output", "json"],
        env={**os.environ, "LOG_LEVEL": "WARNING", "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    results = found["results"]
    assert found["summary"]["parsing_errors"] == len(results["parsing_errors"])
    return Report(
        {name(each) for each in results["failed_checks"]},
        {name(each) for each in results["passed_checks"]},
        {
            name(each): each["check_result"]["suppress_comment"].strip()
            for each in results["skipped_checks"]
        },
        [Path(each).name for each in results["parsing_errors"]],
        set(_BROKEN.findall(done.stderr.replace("\\", "/"))),
    )


def name(finding: dict[str, Any]) -> tuple[str, str]:
    file = finding["file_path"].replace("\\", "/").lstrip("/")
    return finding["check_id"].removeprefix("CKV2_"), file


def test_checkov_finds_no_mistake(report: Report) -> None:
    assert [each for each in report.failed if each[1].startswith("infra/")] == []
    assert len([each for each in report.passed if each[1].startswith("infra/")]) > 25


def test_checkov_understands_every_file_and_says_which_it_does_not(report: Report) -> None:
    """It leaves out a file that it doesn't understand, and succeeds."""
    assert report.unparsed == ["unparsed.bicep"]


def test_no_check_breaks_down(report: Report) -> None:
    """Its file would count as one in which that check finds nothing."""
    assert report.broken == {("CKV_AZURE_189", "planted/breaking.bicep")}


def test_each_check_that_is_left_out_says_why(report: Report) -> None:
    skipped = {each: why for each, why in report.skipped.items() if each[1].startswith("infra/")}
    assert len(skipped) == 9
    assert all(len(why) > 20 or why == "the same" for why in skipped.values())


@pytest.mark.parametrize("number", range(len(PLANTED)))
def test_a_mistake_that_checkov_does_not_know_is_found_by_a_policy_of_ours(
    number: int, report: Report
) -> None:
    assert (PLANTED[number][0], f"planted/{number}.bicep") in report.failed


def test_each_policy_of_ours_has_something_to_check(report: Report) -> None:
    ours = {check for check, file in report.passed if file.startswith("infra/") and "SHOP" in check}
    assert ours == {each[0] for each in PLANTED}
    assert len(list(POLICIES.iterdir())) == len(ours)
