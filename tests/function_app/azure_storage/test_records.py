"""The container of run records: the fake and the real one keep the same contract."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobServiceClient

from contract.blobs import RUNS, RunId, StoreName, run_record_name
from contract.product import Rejection, Stage
from contract.run import Checkpoint, Content, Run, RunError, RunState
from function_app.azure_storage.conditional import write_over
from function_app.azure_storage.records import BlobRunRecords
from function_app.errors import RecordConflictError
from function_app.ports import RunRecords, StoredRun
from tests.function_app.fake_storage import FakeRecords
from tests.function_app.fakes import NOON, FakeClock, Steps
from tests.odd_server import OddServer, always, http


@dataclass(frozen=True, slots=True)
class Case:
    """A container, and how a test changes it directly."""

    records: RunRecords
    damage: Callable[[StoreName, RunId], None]
    remove: Callable[[StoreName, RunId], None]
    store: StoreName


@pytest.fixture(params=["fake", "real"])
def case(request: pytest.FixtureRequest) -> Case:
    store = StoreName(f"s{uuid4().hex[:12]}")
    if request.param == "fake":
        fake = FakeRecords(FakeClock(), Steps())
        return Case(fake, fake.damage, fake.remove, store)
    service = BlobServiceClient.from_connection_string(request.getfixturevalue("storage"))
    container = service.get_container_client(RUNS)

    def damage(store: StoreName, run: RunId) -> None:
        container.upload_blob(run_record_name(store, run), b"{", overwrite=True)

    def remove(store: StoreName, run: RunId) -> None:
        container.delete_blob(run_record_name(store, run))

    return Case(BlobRunRecords(container), damage, remove, store)


def run_of(case: Case, **changes: object) -> Run:
    run = Run(
        run=RunId("sub/shop.1D2"),
        store=case.store,
        catalog=f"{case.store}/sub/shop.json",
        etag='"0x1D2"',
        state=RunState.WAITING,
        message="Plötzlich müde.",
        started_at=NOON,
        updated_at=NOON,
        read=500,
        accepted=199,
        rejected=1,
        batches_acknowledged=1,
        batches_total=3,
        rejections=(Rejection("7", 7, Stage.DIGIBLE, "no"),),
        error=RunError("unavailable", "Down.", 2, 503),
        retry_at=NOON,
        waiting_since=NOON,
        retries=3,
        checkpoint=Checkpoint(200, (3,)),
    )
    return replace(run, **changes)  # type: ignore[arg-type]  # passed by name


def test_a_missing_record_is_none(case: Case) -> None:
    assert case.records.load(case.store, RunId("shop.1")) is None


def test_a_record_is_read_as_it_was_saved(case: Case) -> None:
    run = run_of(case)
    version = case.records.save(run, None)
    assert case.records.load(run.store, run.run) == StoredRun(run, version)


def test_a_record_is_saved_over_the_version_that_was_read(case: Case) -> None:
    run = run_of(case)
    version = case.records.save(run, None)
    further = replace(run, accepted=399)
    newer = case.records.save(further, version)
    assert newer != version
    assert case.records.load(run.store, run.run) == StoredRun(further, newer)


def test_a_record_that_another_worker_began_is_not_overwritten(case: Case) -> None:
    run = run_of(case)
    version = case.records.save(run, None)
    with pytest.raises(RecordConflictError):
        case.records.save(replace(run, attempt=2), None)
    assert case.records.load(run.store, run.run) == StoredRun(run, version)


def test_a_record_that_another_worker_saved_is_not_overwritten(case: Case) -> None:
    run = run_of(case)
    version = case.records.save(run, None)
    case.records.save(replace(run, accepted=399), version)
    with pytest.raises(RecordConflictError):
        case.records.save(replace(run, accepted=299), version)


def test_a_save_whose_response_was_lost_counts(case: Case) -> None:
    """The client retries automatically, and then finds the record of its own first try."""
    run = run_of(case)
    version = case.records.save(run, None)
    assert case.records.save(run, None) == version
    further = replace(run, accepted=399)
    newer = case.records.save(further, version)
    assert case.records.save(further, version) == newer


def test_saving_over_a_deleted_record_is_a_conflict(case: Case) -> None:
    run = run_of(case)
    version = case.records.save(run, None)
    case.remove(run.store, run.run)
    with pytest.raises(RecordConflictError):
        case.records.save(replace(run, accepted=399), version)


def test_a_damaged_record_is_recognised_and_can_be_saved_over(case: Case) -> None:
    run = run_of(case)
    case.records.save(run, None)
    case.damage(run.store, run.run)
    stored = case.records.load(run.store, run.run)
    assert stored is not None
    assert stored.run is None
    case.records.save(run, stored.version)
    again = case.records.load(run.store, run.run)
    assert again is not None
    assert again.run == run


def test_a_listing_shows_each_runs_state(case: Case) -> None:
    case.records.save(run_of(case), None)
    case.records.save(run_of(case, run=RunId("b.2"), state=RunState.SENDING), None)
    case.records.save(run_of(case, run=RunId("c.3"), store=StoreName(f"{case.store}x")), None)
    listed = {summary.run: summary.state for summary in case.records.summaries(case.store)}
    assert listed == {"sub/shop.1D2": "waiting", "b.2": "sending"}
    for summary in case.records.summaries(case.store):
        assert summary.saved.utcoffset() is not None


def test_a_listing_shows_what_a_run_delivers(case: Case) -> None:
    content = Content("0a" * 32, NOON, '"0x1D1"', NOON)
    case.records.save(run_of(case, content=content), None)
    (summary,) = case.records.summaries(case.store)
    assert (summary.updated, summary.etag, summary.content) == (NOON, '"0x1D2"', content)


def test_a_listing_may_be_of_the_runs_of_one_stem(case: Case) -> None:
    for run in ("a.1", "a.b.2", "b.3", "ü.4"):
        case.records.save(run_of(case, run=RunId(run)), None)
    assert [each.run for each in case.records.summaries(case.store, "a.")] == ["a.1", "a.b.2"]
    assert [each.run for each in case.records.summaries(case.store, "ü.")] == ["ü.4"]


def test_a_listing_shows_no_state_of_a_damaged_record(case: Case) -> None:
    run = run_of(case)
    case.records.save(run, None)
    case.damage(run.store, run.run)
    assert [summary.state for summary in case.records.summaries(case.store)] == [None]


def test_all_records_are_listed(case: Case) -> None:
    assert case.store not in {store for store, _ in case.records.all()}
    case.records.save(run_of(case), None)
    case.records.save(run_of(case, run=RunId("b.2")), None)
    assert [store for store, _ in case.records.all()].count(case.store) == 2


@pytest.mark.parametrize("code", ["BlobImmutableDueToPolicy", "ContainerBeingDeleted"])
def test_what_keeps_every_worker_from_writing_is_not_taken_for_another_ones_write(
    code: str,
) -> None:
    """The service answers 409 for that, too; the run would come back for ever."""
    with OddServer(always(http(409, b"", f"x-ms-error-code: {code}"))) as storage:
        blob = BlobClient(storage.url, RUNS, "0001/shop.json", retry_total=0)
        with pytest.raises(HttpResponseError, match=code):
            write_over(blob, '"0x1"', b"{}")
