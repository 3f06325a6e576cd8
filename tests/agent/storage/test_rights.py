"""What a sign-in allows: nothing more is needed than the command does, and what is missing is named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from agent.errors import StorageError, StorageUnavailableError
from agent.storage.account import AzureStorage
from agent.storage.address import StorageConnection, parse_account_url
from contract.blobs import ResumeName, RunId, StoreName, parse_name
from tests.agent.shops import make_run
from tests.agent.storage.accounts import CLOCK, Account, connected, put, save, visible
from tests.odd_server import OddServer, always, http


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
