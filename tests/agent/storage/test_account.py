"""The storage account, tested with Azurite: catalogues are uploaded whole, run records are read."""

import io
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.storage.blob import (
    BlobClient,
    BlobServiceClient,
    generate_account_sas,
    generate_container_sas,
)

from agent.errors import StoppedError, StorageError, StorageUnavailableError
from agent.following import Clock
from agent.storage import catalogs as catalogs_module
from agent.storage import records as records_module
from agent.storage.account import AzureStorage
from agent.storage.address import StorageConnection, StorageSignIn, parse_account_url
from contract.blobs import (
    CATALOGS,
    RUNS,
    CatalogMetadata,
    ResumeName,
    RunId,
    StoreName,
    parse_name,
    run_record_name,
)
from contract.product import Rejection, Stage
from contract.run import MAX_REJECTIONS, Run, RunState
from contract.run_record import decode_run, encode_run
from tests.agent.shops import NOW, FakeTime, make_run
from tests.odd_server import OddServer, always, http

METADATA = CatalogMetadata(3, "ab" * 32, f"00-{'1' * 32}-{'2' * 16}-01", ids_are_unique=True)
CLOCK = Clock(time.monotonic, time.sleep)


@pytest.fixture
def service(storage: str) -> BlobServiceClient:
    return BlobServiceClient.from_connection_string(storage)


@pytest.fixture
def store() -> StoreName:
    """Return a new store, because Azurite is shared."""
    return StoreName(uuid.uuid4().hex)


def connected(connection_string: str) -> AzureStorage:
    return AzureStorage(StorageConnection(connection_string), CLOCK)


def put(storage: AzureStorage, name: str, data: bytes) -> tuple[str, list[int]]:
    sent: list[int] = []
    return storage.put(name, io.BytesIO(data), METADATA, sent.append), sent


def visible(service: BlobServiceClient, store: StoreName) -> list[str]:
    found = service.get_container_client(CATALOGS).list_blobs(name_starts_with=f"{store}/")
    return [blob.name for blob in found]


def save(service: BlobServiceClient, run: Run) -> None:
    blob = service.get_blob_client(RUNS, run_record_name(run.store, run.run))
    blob.upload_blob(encode_run(run), overwrite=True)


def test_a_catalogue_is_uploaded_in_blocks_with_its_metadata(
    storage: str, service: BlobServiceClient, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogs_module, "BLOCK", 1_000)
    data = bytes(range(250)) * 10
    etag, sent = put(connected(storage), f"{store}/x.json.gz", data)
    assert sent == [1_000, 2_000, 2_500]
    blob = service.get_blob_client(CATALOGS, f"{store}/x.json.gz")
    assert blob.download_blob().readall() == data
    stored = blob.get_blob_properties()
    assert stored.etag == etag
    assert CatalogMetadata.from_headers(dict(stored.metadata)) == METADATA
    assert stored.content_settings.content_type == "application/gzip"


def test_an_upload_that_stops_halfway_leaves_no_blob(
    storage: str, service: BlobServiceClient, store: StoreName
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("the disk broke")
            return super().read(size)

    broken = Broken(b"x" * (catalogs_module.BLOCK + 1))
    with pytest.raises(OSError, match="the disk broke"):
        connected(storage).put(f"{store}/x.json.gz", broken, METADATA, lambda _: None)
    assert visible(service, store) == []


def test_ctrl_c_during_the_commit_says_that_the_upload_may_be_complete(
    storage: str, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(BlobClient, "commit_block_list", interrupted)
    with pytest.raises(StoppedError, match="may be complete"):
        put(connected(storage), f"{store}/x.json.gz", b"x")


def lose_the_first_answer(
    monkeypatch: pytest.MonkeyPatch, *, carried_out: bool
) -> list[dict[str, object]]:
    """Lose the answer to the first commit; return the options of every commit."""
    commit, tries = BlobClient.commit_block_list, list[dict[str, object]]()

    def losing(*arguments: object, **options: object) -> object:
        tries.append(options)
        if len(tries) > 1 or carried_out:
            done = commit(*arguments, **options)  # type: ignore[arg-type]  # passed on unchanged
        if len(tries) == 1:
            raise ServiceResponseError("Connection aborted.")
        return done

    monkeypatch.setattr(BlobClient, "commit_block_list", losing)
    return tries


@pytest.mark.parametrize("carried_out", [True, False], ids=["carried out", "not carried out"])
def test_a_commit_whose_response_was_lost_is_done_once(
    storage: str,
    service: BlobServiceClient,
    store: StoreName,
    monkeypatch: pytest.MonkeyPatch,
    carried_out: bool,
) -> None:
    tries = lose_the_first_answer(monkeypatch, carried_out=carried_out)
    etag, _ = put(connected(storage), f"{store}/x.json.gz", b"x")
    assert len(tries) == 2
    blob = service.get_blob_client(CATALOGS, f"{store}/x.json.gz").get_blob_properties()
    assert blob.etag == etag


def test_a_blob_of_the_same_name_is_never_overwritten(
    storage: str, service: BlobServiceClient, store: StoreName
) -> None:
    blob = service.get_blob_client(CATALOGS, f"{store}/x.json.gz")
    blob.upload_blob(b"somebody else's")
    with pytest.raises(StorageError, match="not what was uploaded"):
        put(connected(storage), f"{store}/x.json.gz", b"mine")
    assert blob.download_blob().readall() == b"somebody else's"


def test_content_that_changed_on_its_way_is_noticed(
    storage: str, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = BlobClient.stage_block

    def losing(blob: BlobClient, block_id: str, data: io.BytesIO, length: int, **_: object) -> None:
        stage(blob, block_id, data.read()[:-1], length - 1)

    monkeypatch.setattr(BlobClient, "stage_block", losing)
    with pytest.raises(StorageError, match="not what was uploaded"):
        put(connected(storage), f"{store}/x.json.gz", b"xyz")


def test_a_missing_container_is_named(
    storage: str, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogs_module, "CATALOGS", "nowhere")
    with pytest.raises(StorageError, match="has no container"):
        put(connected(storage), f"{store}/x.json.gz", b"x")


class Account:
    """Makes SAS URLs for Azurite's account."""

    def __init__(self, connection_string: str) -> None:
        parts = (part.partition("=") for part in connection_string.strip(";").split(";"))
        values = {name: value for name, _, value in parts}
        self.name, self.key = values["AccountName"], values["AccountKey"]
        self.url = values["BlobEndpoint"]

    def sas(self, rights: str, hours: float = 1, kinds: str = "o") -> StorageSignIn:
        query = generate_account_sas(
            self.name,
            self.key,
            kinds,
            rights,
            datetime.now(UTC) + timedelta(hours=hours),
        )
        return parse_account_url(f"{self.url}?{query}")

    def container_sas(self, rights: str) -> StorageSignIn:
        query = generate_container_sas(
            self.name,
            CATALOGS,
            self.key,
            permission=rights,
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        return parse_account_url(f"{self.url}/{CATALOGS}?{query}")


@pytest.fixture
def account(storage: str) -> Account:
    return Account(storage)


def test_a_lost_answer_without_the_right_to_read_is_no_failed_upload(
    account: Account,
    service: BlobServiceClient,
    store: StoreName,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lose_the_first_answer(monkeypatch, carried_out=True)
    storage = AzureStorage(account.sas("wc"), CLOCK)
    with pytest.raises(StorageError, match="uploaded all the same, and its run goes on"):
        put(storage, f"{store}/x.json.gz", b"x")
    assert visible(service, store) == [f"{store}/x.json.gz"]


def test_a_sas_for_the_account_can_upload_and_read(
    account: Account, service: BlobServiceClient, store: StoreName
) -> None:
    agent = AzureStorage(account.sas("rcw"), CLOCK)
    put(agent, f"{store}/x.json.gz", b"x")
    save(service, make_run(store=store))
    assert agent.read(store, make_run().run) == make_run(store=store)


@pytest.mark.parametrize("kind", ["account", "container"])
def test_the_right_to_write_is_enough_to_upload(
    account: Account, service: BlobServiceClient, store: StoreName, kind: str
) -> None:
    sign_in = account.sas("cw") if kind == "account" else account.container_sas("cw")
    agent = AzureStorage(sign_in, CLOCK)
    put(agent, f"{store}/x.json.gz", b"x")
    assert visible(service, store) == [f"{store}/x.json.gz"]
    with pytest.raises(StorageError, match=r"run record can't be read.*read blobs"):
        agent.read(store, make_run().run)


@pytest.mark.parametrize(
    ("sas", "words"),
    [
        ({"rights": "r"}, "the right to create and write blobs"),
        ({"rights": "rcw", "hours": -1}, "expired on"),
        ({"rights": "rcw", "kinds": "c"}, "srt=o"),
    ],
    ids=["rights", "expiry", "kinds"],
)
def test_what_a_sas_lacks_is_named(
    account: Account, store: StoreName, sas: dict[str, Any], words: str
) -> None:
    agent = AzureStorage(account.sas(**sas), CLOCK)
    with pytest.raises(StorageError, match=words) as caught:
        put(agent, f"{store}/x.json.gz", b"x")
    assert "sig" not in str(caught.value)


def test_an_unreachable_account_is_given_up_after_20_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeTime()
    agent = AzureStorage(parse_account_url("http://127.0.0.1:9/shop?ss=b&sig=c2VjcmV0"), fake.clock)
    with pytest.raises(StorageUnavailableError, match="can't be reached") as caught:
        put(agent, "0001/x.json.gz", b"x")
    assert 20 <= fake.now < 25
    assert "c2VjcmV0" not in str(caught.value)
    with pytest.raises(StorageUnavailableError):  # the follower has its own patience
        agent.read(StoreName("0001"), RunId("x.1"))
    assert fake.now < 25


def test_an_outage_during_the_upload_is_waited_out(
    storage: str, service: BlobServiceClient, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, stage = FakeTime(), BlobClient.stage_block

    def staging(*arguments: object, **options: object) -> None:
        if fake.now < 15:
            raise ServiceRequestError("Connection refused")
        stage(*arguments, **options)  # type: ignore[arg-type]  # passed on unchanged

    monkeypatch.setattr(BlobClient, "stage_block", staging)
    agent = AzureStorage(StorageConnection(storage), fake.clock)
    put(agent, f"{store}/x.json.gz", b"x")
    assert visible(service, store) == [f"{store}/x.json.gz"]


def test_changes_of_a_run_record_are_read(
    storage: str, service: BlobServiceClient, store: StoreName
) -> None:
    agent, run = connected(storage), make_run(store=store, read=4)
    assert agent.read(store, run.run) is None
    save(service, run)
    assert agent.read(store, run.run) == run
    assert agent.read(store, run.run) == run
    ended = make_run(RunState.SUCCEEDED, store=store, read=4, accepted=4)
    save(service, ended)
    assert agent.read(store, run.run) == ended


def test_an_unchanged_record_is_not_downloaded_again(
    storage: str, service: BlobServiceClient, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []

    def noted(data: bytes) -> Run:
        decoded.append(data)
        return decode_run(data)

    monkeypatch.setattr(records_module, "decode_run", noted)
    agent, run = connected(storage), make_run(store=store)
    save(service, run)
    assert agent.read(store, run.run) == agent.read(store, run.run) == run
    assert len(decoded) == 1


@pytest.mark.parametrize("data", [b"", b"{half", b"[]", b'{"version": 99}'])
def test_a_damaged_record_is_ignored_and_read_again(
    storage: str, service: BlobServiceClient, store: StoreName, data: bytes
) -> None:
    agent, run = connected(storage), make_run(store=store)
    blob = service.get_blob_client(RUNS, run_record_name(store, run.run))
    blob.upload_blob(data)
    assert agent.read(store, run.run) is None
    save(service, run)
    assert agent.read(store, run.run) == run
    blob.upload_blob(data, overwrite=True)
    assert agent.read(store, run.run) == run


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"run": RunId("another\x1b[2J.8DC12")}, "the run another.8DC12 of the store"),
        ({"store": StoreName("0002")}, "of the store 0002"),
    ],
    ids=["run", "store"],
)
def test_a_record_of_another_run_is_refused(
    storage: str,
    service: BlobServiceClient,
    store: StoreName,
    other: dict[str, Any],
    words: str,
) -> None:
    run = make_run(RunState.SUCCEEDED, store=store)
    blob = service.get_blob_client(RUNS, run_record_name(store, run.run))
    blob.upload_blob(encode_run(replace(run, **other)))
    with pytest.raises(StorageError, match="run record can't be read") as caught:
        connected(storage).read(store, run.run)
    assert words in str(caught.value)
    assert not isinstance(caught.value, StorageUnavailableError)


def test_no_more_of_a_record_is_downloaded_than_one_can_have(
    storage: str, service: BlobServiceClient, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_module, "MAX_RECORD", 10_000)
    agent, run = connected(storage), make_run(store=store)
    save(service, replace(run, message="x" * 9_000))
    assert agent.read(store, run.run) == replace(run, message="x" * 9_000)
    save(service, replace(run, message="x" * 10_000))
    with pytest.raises(StorageError, match="more than any run record"):
        agent.read(store, run.run)


def test_the_longest_record_that_a_run_can_have_is_read(
    storage: str, service: BlobServiceClient, store: StoreName
) -> None:
    longest = Rejection("\x01" * 100, 10_000_000, Stage.DIGIBLE, "\U0001f600" * 500)
    run = make_run(
        store=store,
        read=MAX_REJECTIONS,
        rejected=MAX_REJECTIONS,
        rejections=(longest,) * MAX_REJECTIONS,
    )
    save(service, run)
    assert connected(storage).read(store, run.run) == run


def test_a_malformed_connection_string_is_reported_without_being_repeated() -> None:
    with pytest.raises(StorageError, match="malformed") as caught:
        connected("AccountName=shop;AccountKey=c2VjcmV0;nonsense")
    assert "c2VjcmV0" not in str(caught.value)


def test_the_right_to_write_is_proved_without_leaving_a_blob(
    account: Account, service: BlobServiceClient, store: StoreName
) -> None:
    agent = AzureStorage(account.sas("cw"), CLOCK)
    agent.prove_write(store)
    agent.prove_write(store)
    assert visible(service, store) == []
    with pytest.raises(StorageError, match="the right to create and write blobs"):
        AzureStorage(account.sas("r"), CLOCK).prove_write(store)


def test_a_run_is_asked_to_resume_by_an_empty_blob(
    account: Account, service: BlobServiceClient, store: StoreName
) -> None:
    agent, run = AzureStorage(account.sas("cw"), CLOCK), RunId("20261123T120000Z-1a.8DC12")
    agent.ask_to_resume(store, run)
    agent.ask_to_resume(store, run)
    assert visible(service, store) == [f"{store}/{run}.resume"]
    found = parse_name(f"{store}/{run}.resume")
    assert found == ResumeName(store, run)


def test_the_latest_runs_of_a_store_are_listed_the_newest_first(
    storage: str, service: BlobServiceClient, store: StoreName
) -> None:
    made = [
        make_run(store=store, run=RunId(f"x.{day}"), started_at=NOW + timedelta(days=day))
        for day in range(4)
    ]
    service.get_blob_client(RUNS, f"{store}/damaged.json").upload_blob(b"{half")
    for run in made:
        save(service, run)
    agent = connected(storage)
    assert agent.runs(store, 3) == made[:0:-1]
    assert agent.runs(store, 9) == made[::-1]
    assert agent.runs(StoreName(f"{store}-other"), 9) == []


@pytest.mark.parametrize(
    ("kinds", "words"), [("o", "is not for containers"), ("co", "the right to list blobs")]
)
def test_a_store_that_may_not_list_its_runs_is_told_what_is_missing(
    account: Account, store: StoreName, kinds: str, words: str
) -> None:
    with pytest.raises(StorageError, match=rf"can't be listed.*{words}"):
        AzureStorage(account.sas("cw", kinds=kinds), CLOCK).runs(store, 3)


@pytest.mark.parametrize("rights", ["cw", None])
def test_the_time_is_told_whoever_asks(storage: str, account: Account, rights: str | None) -> None:
    sign_in = account.sas(rights, hours=-1) if rights else StorageConnection(storage)
    told = AzureStorage(sign_in, CLOCK).service_time()
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)


def test_the_time_of_an_unreachable_account_is_an_error() -> None:
    agent = AzureStorage(parse_account_url("http://127.0.0.1:9/shop?ss=b&sig=c2VjcmV0"), CLOCK)
    with pytest.raises(StorageUnavailableError, match="The time can't be compared"):
        agent.service_time()


def test_the_time_of_something_else_is_an_error() -> None:
    with OddServer(always(http(200, b"hello"))) as server:
        agent = AzureStorage(
            parse_account_url(f"http://127.0.0.1:{server.port}/shop?ss=b&sig=x"), CLOCK
        )
        with pytest.raises(StorageError, match="it is no storage account"):
            agent.service_time()
