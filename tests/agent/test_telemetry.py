"""The agent's half of a run's telemetry: off without a connection string, and never in the way."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent.sign_in import Certificate
from agent.telemetry import Untold, operation
from contract.blobs import StoreName
from contract.telemetry import parse_traceparent
from tests.ingestion import Envelope, IngestionStandIn

STORE = StoreName("0001")
ENDPOINT = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint="


def spans(ingestion: IngestionStandIn) -> dict[str, Envelope]:
    """Return the spans that were sent, by their names."""
    return {
        sent["data"]["baseData"]["name"]: sent
        for sent in ingestion.envelopes
        if sent["data"]["baseType"] == "RemoteDependencyData"
    }


def said_of(connection_string: str | None) -> list[str]:
    """Do an operation, and return what it warned of."""
    said: list[str] = []
    with operation(connection_string, STORE, os.environ, said.append, sign_in=None) as done:
        assert parse_traceparent(done.traceparent)
        with done.step("read products"):
            done.note("rows", 3)
    return said


def test_an_operation_and_its_steps_are_told() -> None:
    with IngestionStandIn() as ingestion:
        assert said_of(ingestion.connection_string) == []
    whole, step = (spans(ingestion)[name] for name in ("upload catalogue", "read products"))
    assert whole["data"]["baseData"]["properties"] == {"store": "0001", "rows": "3"}
    assert "ai.operation.parentId" not in whole["tags"]
    assert step["tags"]["ai.operation.parentId"] == whole["data"]["baseData"]["id"]
    assert whole["tags"]["ai.cloud.role"] == step["tags"]["ai.cloud.role"] == "shopmaster-agent"


def test_an_error_is_told_by_its_type_alone() -> None:
    """Its text may quote a connection string."""
    with IngestionStandIn() as ingestion:
        telling = operation(ingestion.connection_string, STORE, {}, print, sign_in=None)
        with (
            pytest.raises(ValueError, match="s3cret"),
            telling as failing,
            failing.step("upload blob"),
        ):
            raise ValueError("Server=pc;Pwd=s3cret")
    assert "s3cret" not in repr(ingestion.envelopes)
    for span in spans(ingestion).values():
        assert span["data"]["baseData"]["success"] is False
        assert span["data"]["baseData"]["properties"]["error_type"] == "ValueError"


def test_an_unusable_certificate_is_the_reason_why_nobody_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    way = Certificate("t", "c", tmp_path / "missing.pem")
    key = "InstrumentationKey=00000000-0000-0000-0000-000000000000"
    with operation(key, STORE, {}, said.append, way) as untold:
        assert isinstance(untold, Untold)
    (sentence,) = said
    assert sentence.startswith("No telemetry is sent. This computer can't sign in to Azure: ")


def test_without_a_connection_string_nobody_is_told_and_nothing_is_loaded() -> None:
    with operation(None, STORE, {}, print, sign_in=None) as silent:
        assert isinstance(silent, Untold)
    check = (
        "import sys, agent.telemetry as t\n"
        "with t.operation(None, '0001', {}, print, sign_in=None) as o:\n"
        "    with o.step('x'): pass\n"
        "assert not [name for name in sys.modules if 'opentelemetry' in name or 'azure' in name]\n"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_each_operation_has_its_own_trace_context() -> None:
    with operation(None, STORE, {}, print, sign_in=None) as first:
        pass
    with operation(None, STORE, {}, print, sign_in=None) as second:
        pass
    assert first.traceparent != second.traceparent


@pytest.mark.parametrize("malformed", ["nonsense", "InstrumentationKey=1", ENDPOINT.lower() + ";"])
def test_a_malformed_connection_string_costs_the_telemetry_only(malformed: str) -> None:
    (said,) = said_of(malformed)
    assert said == (
        "No telemetry is sent: its connection string is malformed. Copy all of it again."
    )


def test_missing_packages_cost_the_telemetry_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.monitor.opentelemetry.exporter", None)
    (said,) = said_of(ENDPOINT + "http://127.0.0.1:9/")
    assert "shopmaster-upload[telemetry]" in said


def test_an_endpoint_that_never_answers_keeps_nobody_waiting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert said_of(ENDPOINT + address) == []
        assert "telemetry" in {thread.name for thread in threading.enumerate()}, "left behind"


def test_an_ingestion_that_refuses_costs_the_telemetry_only() -> None:
    with IngestionStandIn() as ingestion:
        ingestion.refusal = 403
        assert said_of(ingestion.connection_string) == []
