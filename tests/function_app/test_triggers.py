"""The real app, indexed and called by Microsoft's worker library."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient, QueueServiceClient

from contract.blobs import CATALOGS, RETRIES, RUNS, StoreName, parse_name, run_of, run_record_name
from contract.run import Run, RunState
from contract.run_record import decode_run
from dev.azurite import temporary_azurite
from dev.digible import DigibleStandIn
from dev.storage import create_app_storage
from function_app.azure_storage.retry_queue import encode_request
from function_app.ports import RetryRequest
from tests.function_app.worker_calls import through_the_worker, worked
from tests.function_app.world import ids, rows
from tests.http_proxy import HttpProxy

ROOT = Path(__file__).resolve().parents[2]


def test_the_app_has_five_functions_and_their_bindings() -> None:
    functions = worked(through_the_worker(ROOT))["functions"]
    bindings = {name: only for name, (only,) in functions.items()}
    assert {name: (each["type"], each.get("connection")) for name, each in bindings.items()} == {
        "upload_catalog": ("blobTrigger", "CatalogStorage"),
        "retry_catalog": ("queueTrigger", "CatalogStorage"),
        "sweep_catalogs": ("timerTrigger", None),
        "abandon_blob": ("queueTrigger", "CatalogStorage"),
        "abandon_retry": ("queueTrigger", "CatalogStorage"),
    }
    assert bindings["upload_catalog"]["path"] == "catalogs/{name}"
    assert bindings["upload_catalog"]["source"] == "LogsAndContainerScan"
    assert bindings["upload_catalog"]["properties"]["SupportsDeferredBinding"], "no BlobClient"
    assert bindings["retry_catalog"]["queueName"] == "catalog-retries"
    assert bindings["abandon_blob"]["queueName"] == "webjobs-blobtrigger-poison"
    assert bindings["abandon_retry"]["queueName"] == "catalog-retries-poison"
    assert bindings["sweep_catalogs"]["schedule"] == "0 */5 * * * *"


def test_a_setting_makes_event_grid_report_blobs() -> None:
    functions = worked(through_the_worker(ROOT, CATALOG_EVENTS="EventGrid"))["functions"]
    assert functions["upload_catalog"][0]["source"] == "EventGrid"


@pytest.mark.parametrize("with_file", [True, False])
def test_the_packages_alone_are_not_an_app(tmp_path: Path, *, with_file: bool) -> None:
    """Azure's loader needs the file `function_app.py`, and then imports the package next to it."""
    for name in ("function_app", "contract"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "host.json", tmp_path)
    if with_file:
        shutil.copy(ROOT / "function_app.py", tmp_path)
    process = through_the_worker(tmp_path)
    if with_file:
        assert len(worked(process)["functions"]) == 5
    else:
        assert process.returncode == 1
        assert process.stderr.startswith(f"There are no functions in {tmp_path}")


CALLS = (
    ("upload_catalog", "0001/a.json"),
    ("retry_catalog", encode_request(RetryRequest("0001/a.json", "0x1"))),
    ("sweep_catalogs", json.dumps({"IsPastDue": False})),
    ("abandon_blob", "[]"),
    ("abandon_retry", "[]"),
)


def test_wrong_settings_silence_no_function_and_every_call_names_them_all() -> None:
    """Azure reports success for an app that has no functions."""
    wrong = {
        "DIGIBLE_CONCURRENCY": "many",
        "DIGIBLE_ON_REFUSAL": "s3cret",
        "CATALOG_EVENTS": "s3cret",
        "DIGIBLE_TOKEN": "",
    }
    answer = worked(through_the_worker(ROOT, *CALLS, **wrong))
    assert set(answer["functions"]) == {name for name, _ in CALLS}
    assert len(answer["failures"]) == len(CALLS)
    for failure in answer["failures"]:
        assert failure.startswith("SettingsError: The app settings are wrong: ")
        assert all(name in failure for name in wrong)
        assert "s3cret" not in failure


@dataclass(frozen=True, slots=True)
class Shop:
    """A store in Azurite and a Digible stand-in, for the app in Microsoft's worker library."""

    connection: str
    digible: DigibleStandIn
    store: StoreName

    def put(self, name: str, products: list[dict[str, object]]) -> tuple[str, str]:
        """Upload a catalogue, and return its name and ETag."""
        with BlobServiceClient.from_connection_string(self.connection) as service:
            blob = service.get_blob_client(CATALOGS, f"{self.store}/{name}")
            return blob.blob_name, blob.upload_blob(json.dumps(products))["etag"]

    def run(self, name: str, etag: str) -> Run:
        record = run_record_name(*run_of(parse_name(name), etag))
        with BlobServiceClient.from_connection_string(self.connection) as service:
            return decode_run(service.get_blob_client(RUNS, record).download_blob().readall())

    def number_of_runs(self) -> int:
        with BlobServiceClient.from_connection_string(self.connection) as service:
            container = service.get_container_client(RUNS)
            return len(list(container.list_blob_names(name_starts_with=f"{self.store}/")))

    def queued(self) -> int:
        with QueueClient.from_connection_string(self.connection, RETRIES) as queue:
            return int(queue.get_queue_properties().approximate_message_count or 0)

    def call(self, *calls: tuple[str, str], **settings: str) -> list[str | None]:
        """Call functions of the app, and return how each one failed, or None."""
        own = {
            "CatalogStorage": self.connection,
            "DIGIBLE_API_URL": self.digible.url,
            "DIGIBLE_TOKEN": _TOKEN,
        }
        process = through_the_worker(ROOT, *calls, **own | settings)
        failures: list[str | None] = worked(process)["failures"]
        return failures


_TOKEN = "opaque, known to both"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop with a storage of its own: the sweep would find what other tests have left behind."""
    monkeypatch.setenv("DIGIBLE_TOKEN", _TOKEN)  # so the stand-in accepts it
    with temporary_azurite() as connection_string, DigibleStandIn() as digible:
        create_app_storage(connection_string)
        yield Shop(connection_string, digible, StoreName(f"s{uuid4().hex[:12]}"))


def test_each_function_does_its_part(shop: Shop) -> None:
    """All in one process, because starting it takes longer than all the calls."""
    uploaded, retried, poisoned, given_up, elsewhere = (
        shop.put(f"{number}.json", rows(count))
        for number, count in enumerate((450, 3, 2, 1, 4), start=1)
    )
    poison = {"Type": "BlobTrigger", "ContainerName": CATALOGS, "BlobName": poisoned[0]}
    queued = shop.queued()
    failures = shop.call(
        ("upload_catalog", uploaded[0]),
        ("upload_catalog", f"{RUNS}//{elsewhere[0]}"),
        ("retry_catalog", encode_request(RetryRequest(*retried))),
        ("abandon_blob", json.dumps(poison | {"ETag": poisoned[1].strip('"')})),
        ("abandon_blob", json.dumps(poison | {"ETag": "0x1", "ContainerName": "others"})),
        ("abandon_blob", json.dumps(poison | {"FunctionId": "Host.Functions.somebody_elses"})),
        ("abandon_retry", encode_request(RetryRequest(*given_up, acknowledged=0))),
        ("sweep_catalogs", json.dumps({"IsPastDue": False})),
        ("abandon_blob", "not one of the host's messages"),
        ("abandon_blob", "[]"),
        ("abandon_blob", "[" * 40_000),
        ("abandon_blob", json.dumps(poison | {"BlobName": ""})),
        ("abandon_blob", json.dumps(poison | {"BlobName": "x" * 1_025})),
        ("abandon_retry", "[" * 40_000),
        ("abandon_retry", json.dumps({"catalog": "\ud800", "etag": None})),
        ("abandon_retry", "not one of our messages"),
        ("retry_catalog", "not one of our messages"),
    )
    assert failures[:-1] == [None] * 16
    assert failures[-1] is not None
    assert [shop.run(*each).state for each in (uploaded, retried, given_up)] == [
        *(RunState.SUCCEEDED, RunState.SUCCEEDED, RunState.FAILED),
    ]
    assert shop.queued() == queued + 1, f"{poisoned} is tried again, nothing of others"
    assert shop.number_of_runs() == 3
    assert [request.products for request in shop.digible.requests] == [200, 200, 50, 3]
    assert set(shop.digible.products) == set(ids(1, 450))


@pytest.mark.parametrize(
    ("variable", "is_used"), [("HTTP_PROXY", True), ("http_proxy", True), ("HTTPS_PROXY", False)]
)
def test_batches_go_through_the_proxy_that_the_environment_names(
    shop: Shop, variable: str, *, is_used: bool
) -> None:
    uploaded = shop.put("1.json", rows(201))
    with HttpProxy() as proxy:
        settings = {
            variable: proxy.url,
            "NO_PROXY": "127.0.0.1",  # storage
            "DIGIBLE_API_URL": shop.digible.url.replace("127.0.0.1", "localhost"),
        }
        assert shop.call(("upload_catalog", uploaded[0]), **settings) == [None]
    assert shop.run(*uploaded).state is RunState.SUCCEEDED
    assert len(proxy.requests) == is_used


def test_the_sweep_reads_a_real_listing(shop: Shop) -> None:
    """Nothing is old enough to be queued: in storage of its own, since other tests' blobs may be."""
    with temporary_azurite() as connection:
        create_app_storage(connection)
        own = replace(shop, connection=connection)
        own.put("fresh.json", rows(1))
        assert own.call(("sweep_catalogs", "{}")) == [None]
        assert retries(connection).get_queue_properties().approximate_message_count == 0


def retries(connection: str) -> QueueClient:
    queues = QueueServiceClient.from_connection_string(connection)
    try:
        return queues.create_queue(RETRIES)
    except ResourceExistsError:
        return queues.get_queue_client(RETRIES)
