"""Run records are read as they change, whatever else somebody has put in their place."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from agent.errors import StorageError, StorageUnavailableError
from agent.storage import records as records_module
from contract.blobs import RUNS, RunId, StoreName, run_record_name
from contract.product import Rejection, Stage
from contract.run import MAX_REJECTIONS, Run, RunState
from contract.run_record import decode_run, encode_run
from tests.agent.shops import NOW, make_run
from tests.agent.storage.accounts import connected, save


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
