"""In CI, a skipped test fails, unless its reason says which machine it needs."""

import os
from collections.abc import Generator

import pytest

ALLOWED = "needs machine:"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge a test's report, after all other plugins."""
    report = yield
    _fail_a_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge a file's report: a whole file may skip itself."""
    report = yield
    _fail_a_skip(report)
    return report


def _fail_a_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    is_ci = os.environ.get("CI", "") not in ("", "0", "false")
    if not is_ci or report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if not reason.startswith(ALLOWED):
        report.outcome = "failed"
        report.longrepr = (
            f"Skipped in CI ({reason}). A test that needs a machine must say: '{ALLOWED} …'."
        )
