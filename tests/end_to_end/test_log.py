"""What the Functions host would pass on of the log: a line with store, run and reason for each trouble."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from azure.storage.blob import BlobServiceClient

from contract.blobs import CATALOGS, RUNS, parse_name, run_of, run_record_name
from contract.run import Run, RunState
from contract.run_record import decode_run
from dev.azurite import temporary_azurite
from dev.digible import DigibleStandIn, Fault, FaultKind
from dev.processes import Server, wait_for
from dev.storage import create_app_storage
from tests.function_app.world import rows
from tests.stack import start_dev

TOKEN = "opaque, known to both"
REFUSED = '{"message": "No such category"}'


@dataclass
class Stack:
    """A function host as a process of its own, on a storage and a Digible of its own."""

    service: BlobServiceClient
    digible: DigibleStandIn
    host: Server
    stores: Iterator[int] = field(default_factory=lambda: iter(range(1, 100)))

    def deliver(self, *faults: Fault) -> tuple[Run, list[str]]:
        """Deliver a catalogue while Digible has these faults.

        Return its run once it waits or has ended, and what the log says of it.
        """
        self.digible.reset()
        for fault in faults:
            self.digible.fail(fault)
        name = f"store{next(self.stores):03}/shop.json"
        blob = self.service.get_blob_client(CATALOGS, name)
        etag = str(blob.upload_blob(json.dumps(rows(450)))["etag"])
        store, run = run_of(parse_name(name), etag)
        assert wait_for(lambda: self.run(store, run).state is not RunState.SENDING, 60)
        about = f"run {run} of store {store}"
        assert wait_for(lambda: f"{about} is {self.run(store, run).state}" in self.host.output, 10)
        lines = [line for line in self.host.output.splitlines() if about in line]
        return self.run(store, run), [re.sub(r"^.* \S+: (?=run )", "", line) for line in lines]

    def run(self, store: str, run: str) -> Run:
        blob = self.service.get_blob_client(RUNS, run_record_name(store, run))  # type: ignore[arg-type]
        if not wait_for(blob.exists, 20):
            raise AssertionError("the run was not begun")
        return decode_run(blob.download_blob().readall())


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with (
        temporary_azurite() as connection_string,
        pytest.MonkeyPatch.context() as environment,
        BlobServiceClient.from_connection_string(connection_string) as service,
    ):
        environment.setenv("DIGIBLE_TOKEN", TOKEN)  # so that the stand-in accepts it
        create_app_storage(connection_string)
        with DigibleStandIn() as digible:
            settings = {
                "CatalogStorage": connection_string,
                "AzureWebJobsStorage": connection_string,
                "DIGIBLE_API_URL": digible.url,
                "DIGIBLE_TOKEN": TOKEN,
            }
            with start_dev("host", "--time-factor", "0.02", environment=settings) as host:
                yield Stack(service, digible, host)


def status(code: int, times: int | None = 1, body: str = REFUSED) -> Fault:
    return Fault(FaultKind.STATUS, times, status=code, body=body)


@pytest.mark.parametrize("code", [500, 429])
def test_a_retry_leaves_a_line_with_its_reason(stack: Stack, code: int) -> None:
    run, lines = stack.deliver(status(code))
    assert run.state is RunState.SUCCEEDED
    reason = f"run {run.run} of store {run.store}: Digible answered HTTP {code}: {REFUSED}; "
    assert [line for line in lines if line.startswith(f"{reason}trying again in ")]


@pytest.mark.parametrize(
    ("code", "state"), [(400, RunState.FAILED), (401, RunState.SESSION_EXPIRED)]
)
def test_a_refusal_leaves_a_line_with_its_reason(stack: Stack, code: int, state: RunState) -> None:
    run, lines = stack.deliver(status(code, None))
    assert run.state is state
    about = f"run {run.run} of store {run.store}"
    assert f"{about}: batch 1 of 3: Digible answered HTTP {code}: {REFUSED}" in lines
    assert lines[-1].startswith(f"{about} is {state} (")


def test_a_wait_leaves_a_line_with_its_reason_and_its_end(stack: Stack) -> None:
    refusal = Fault(FaultKind.STATUS, None, status=503, body=REFUSED, retry_after="600")
    run, lines = stack.deliver(refusal)
    assert run.state is RunState.WAITING
    assert run.retry_at is not None
    about = f"run {run.run} of store {run.store}"
    assert f"{about}: batch 1 of 3: Digible answered HTTP 503: {REFUSED}" in lines
    until = f"{run.retry_at:%H:%M:%S}"
    assert lines[-1].startswith(f"{about} is waiting (unavailable, HTTP 503, until {until} UTC)")


def test_the_azure_libraries_lines_are_not_in_the_log(stack: Stack) -> None:
    stack.deliver()
    lines = re.findall(r"^[\d:]+ [A-Z]+ +([\w.]+): ", stack.host.output, re.MULTILINE)
    assert {name.partition(".")[0] for name in lines} == {"dev", "function_app", "azure"}
    # The worker library's own line of its start.
    assert {name for name in lines if name.startswith("azure")} == {"azure.functions"}
