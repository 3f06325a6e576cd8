"""What Application Insights gets of one run through the local stack: one operation, agent and function."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from contract.telemetry import CONNECTION_STRING
from dev.azurite import ROOT
from dev.files import read_environment, without_settings
from tests.agent.shops import make_shop
from tests.ingestion import IngestionStandIn
from tests.stack import start_dev

NAME, PRICE = "Secret cheese", "47.11"
# As all products have this name, it is one of the batch's, whichever batch meets the busy moment.
BUSY = '[{"productName": "Secret cheese", "productPrice": "47.11"}] is too much at once'
SETTINGS = {"DIGIBLE_CONCURRENCY": "4"}


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that was sent about one run, and the secrets that were known to the programs."""

    ingestion: IngestionStandIn
    secrets: tuple[str, ...]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Return the envelopes of a kind, such as RequestData."""
        return [sent for sent in self.ingestion.envelopes if sent["data"]["baseType"] == kind]

    def texts(self) -> str:
        return json.dumps(self.ingestion.envelopes, ensure_ascii=False)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Upload 1,400 products, three of them bad, to a Digible that is busy at first; end all programs."""
    folder = tmp_path_factory.mktemp("telemetry")
    rows = [(f"P{number:04}", NAME, PRICE) for number in range(1_397)]
    bad = [(f"X{number}", NAME, None) for number in range(3)]
    shop = make_shop(folder / "shop.db", [*rows, *bad])
    with IngestionStandIn() as ingestion:
        telemetry = {CONNECTION_STRING: ingestion.connection_string}
        with start_dev("up", "--data", folder, environment=SETTINGS | telemetry) as stack:
            settings = read_environment(folder)
            _plan(settings["DIGIBLE_API_URL"], {"kind": "status", "status": 503, "body": BUSY})
            agent = subprocess.run(
                [sys.executable, "-m", "agent", "upload", "--config", folder / "shopmaster.toml"],
                env={
                    **without_settings(os.environ),
                    **telemetry,
                    "SHOPMASTER_DATABASE__SQLITE": str(shop),
                    "SHOPMASTER_DATABASE__TABLE": "Products",
                },
                cwd=ROOT,
                check=False,
                capture_output=True,
                text=True,
                encoding="utf-8",
            )
            assert agent.returncode == 4, (agent.stderr, *stack.lines)
        # The host's process has ended by now, and sent the rest.
        secrets = [settings[name] for name in settings if "TOKEN" in name or "Storage" in name]
        yield Told(ingestion, (*secrets, ingestion.connection_string))


def _plan(url: str, *faults: dict[str, Any]) -> None:
    control = url.removesuffix("/v1") + "/control/faults"
    requests.put(control, json=faults, timeout=10).raise_for_status()


def test_a_run_is_one_operation_from_the_export_to_the_last_post(told: Told) -> None:
    spans = told.of_kind("RemoteDependencyData") + told.of_kind("RequestData")
    ids = {span["data"]["baseData"]["id"]: span for span in spans}
    (root,) = (one for one in spans if "ai.operation.parentId" not in one["tags"])
    assert root["data"]["baseData"]["name"] == "upload catalogue"
    assert root["tags"]["ai.cloud.role"] == "shopmaster-agent"
    assert {span["tags"]["ai.operation.id"] for span in spans} == {root["tags"]["ai.operation.id"]}
    parents = {span["tags"]["ai.operation.parentId"] for span in spans if span is not root}
    assert parents <= set(ids), "a span whose parent was never sent"
    (delivery,) = told.of_kind("RequestData")
    assert delivery["tags"]["ai.cloud.role"] == "shopmaster-upload"
    assert delivery["tags"]["ai.operation.parentId"] == root["data"]["baseData"]["id"]
    posts = [
        span
        for span in spans
        if span["tags"].get("ai.operation.parentId") == delivery["data"]["baseData"]["id"]
    ]
    results = Counter(post["data"]["baseData"]["resultCode"] for post in posts)
    assert results == {"200": 7, "503": 1}, "sent from four threads"


def test_the_delivery_names_the_hosts_invocation(told: Told) -> None:
    (delivery,) = told.of_kind("RequestData")
    (link,) = json.loads(delivery["data"]["baseData"]["properties"]["_MS.links"])
    assert len(link["operation_Id"]) == 32


def test_every_event_has_its_store_its_run_and_the_operation(told: Told) -> None:
    events = told.ingestion.events
    assert {event.role for event in events} == {"shopmaster-upload"}
    assert len({event.operation for event in events}) == 1
    assert len({event.dimensions["run"] for event in events}) == 1
    assert {event.dimensions["store"] for event in events} == {"0001"}


def test_nothing_is_told_twice(told: Told) -> None:
    events = Counter(
        (event.name, event.measurements.get("batch")) for event in told.ingestion.events
    )
    assert set(events.values()) == {1}
    lines = Counter(line["data"]["baseData"]["message"] for line in told.of_kind("MessageData"))
    assert set(lines.values()) == {1}


def test_the_reason_of_a_retry_is_in_the_log_under_the_operation(told: Told) -> None:
    """A thread that sends batches has left word of it."""
    (line,) = (
        line
        for line in told.of_kind("MessageData")
        if ": Digible answered HTTP 503" in line["data"]["baseData"]["message"]
    )
    (event, *_) = told.ingestion.events
    run, store = event.dimensions["run"], event.dimensions["store"]
    assert line["data"]["baseData"]["message"].startswith(f"run {run} of store {store}: ")
    assert line["tags"]["ai.operation.id"] == event.operation


def test_the_log_is_ours_alone(told: Told) -> None:
    loggers = {
        line["data"]["baseData"]["properties"]["logger_name"]
        for line in told.of_kind("MessageData")
    }
    assert loggers
    assert all(name.startswith("function_app.") for name in loggers)


def test_nothing_is_told_of_any_product(told: Told) -> None:
    # Not the texts themselves, which are long.
    assert (NAME in told.texts(), PRICE in told.texts()) == (False, False)


def test_no_secret_is_told(told: Told) -> None:
    for secret in told.secrets:
        assert (secret in told.texts()) is False


def test_the_measurements_of_the_end_are_those_of_the_run(told: Told) -> None:
    (finished,) = (one for one in told.ingestion.events if one.name == "catalog.run.finished")
    assert finished.dimensions["state"] == "completed_with_rejections"
    counts = finished.measurements
    assert (counts["read"], counts["accepted"], counts["rejected"], counts["not_sent"]) == (
        *(1_400, 1_397, 3, 0),
    )
    assert counts["since_upload_s"] >= 0
