"""Catalogues are uploaded whole or not at all, whatever happens on the way."""

import io

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.storage.blob import BlobClient, BlobServiceClient

from agent.errors import StoppedError, StorageError, StorageUnavailableError
from agent.storage import catalogs as catalogs_module
from agent.storage.account import AzureStorage
from agent.storage.address import StorageConnection, parse_account_url
from contract.blobs import CATALOGS, CatalogMetadata, RunId, StoreName
from tests.agent.shops import FakeTime
from tests.agent.storage.accounts import CLOCK, METADATA, Account, connected, put, visible


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
