"""Telemetry of the real app in Microsoft's worker library: off without a setting, and never in the way."""

import json
import logging
import subprocess
import sys

import pytest

from contract.telemetry import CONNECTION_STRING
from dev.azurite import ROOT
from function_app import telemetry
from tests.function_app.worker_calls import through_the_worker, worked
from tests.ingestion import IngestionStandIn

SWEEP = ("sweep_catalogs", json.dumps({"IsPastDue": False}))


def test_wrong_settings_are_told_at_every_call() -> None:
    """So at least every five minutes, by the timer."""
    with IngestionStandIn() as ingestion:
        told = {CONNECTION_STRING: ingestion.connection_string}
        worked(through_the_worker(ROOT, SWEEP, SWEEP, DIGIBLE_CONCURRENCY="s3cret", **told))
    assert [event.name for event in ingestion.events] == ["app.settings.wrong"] * 2
    for event in ingestion.events:
        assert event.dimensions["problems"] == "DIGIBLE_CONCURRENCY must be a number from 1 to 16."
    assert "s3cret" not in repr(ingestion.envelopes)


@pytest.mark.parametrize("malformed", ["nonsense", "InstrumentationKey=s3cret;"])
def test_a_malformed_connection_string_costs_the_telemetry_only(malformed: str) -> None:
    process = through_the_worker(ROOT, **{CONNECTION_STRING: malformed})
    assert len(worked(process)["functions"]) == 5
    assert f"{CONNECTION_STRING} is malformed, so no telemetry is sent" in process.stderr
    assert malformed not in process.stderr


def test_without_a_connection_string_azures_library_is_not_even_loaded() -> None:
    check = (
        "import sys, tests.function_app.app_settings\n"
        "assert 'opentelemetry.sdk' not in sys.modules\n"
        "assert 'azure.monitor.opentelemetry' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=ROOT)


def test_the_sdks_log_no_line_for_each_request() -> None:
    """In the real host they were 182 of 186 lines, and its own levels don't reach them."""
    for name in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity._internal"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.NOTSET)
    logging.getLogger("azure.core").setLevel(logging.NOTSET)
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)  # as the worker does
    try:
        telemetry.configure({})
        policy = logging.getLogger("azure.core.pipeline.policies.http_logging_policy")
        assert not policy.isEnabledFor(logging.INFO)
        assert policy.isEnabledFor(logging.WARNING)
        assert logging.getLogger("azure.functions").isEnabledFor(logging.INFO)
        assert logging.getLogger("function_app.attempt").isEnabledFor(logging.INFO)
    finally:
        root.setLevel(before)
