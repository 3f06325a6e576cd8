"""A store's lease and note of its newest catalogue: fake and real ones keep the same contract."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient, BlobServiceClient, ContainerClient

from contract.blobs import LOCKS, RunId, StoreName
from function_app.azure_storage.locks import BlobStoreLocks
from function_app.errors import LeaseLostError
from function_app.in_doubt import InDoubt
from function_app.ordering import CatalogAge
from function_app.ports import StoreLocks
from tests.function_app.fake_storage import FakeLocks
from tests.function_app.fakes import NOON, Steps

FIRST = CatalogAge("0001/z.json", '"0x9"', NOON)
SECOND = CatalogAge("0001/é.json", '"0x1"', NOON + timedelta(seconds=1))


@pytest.fixture
def container(storage: str) -> ContainerClient:
    return BlobServiceClient.from_connection_string(storage).get_container_client(LOCKS)


@pytest.fixture(params=["fake", "real"])
def locks(request: pytest.FixtureRequest) -> StoreLocks:
    if request.param == "fake":
        return FakeLocks(Steps())
    return BlobStoreLocks(request.getfixturevalue("container"))


@pytest.fixture
def store() -> StoreName:
    return StoreName(f"s{uuid4().hex[:12]}")


def test_a_store_has_only_one_lease(locks: StoreLocks, store: StoreName) -> None:
    lease = locks.acquire(store)
    assert lease is not None
    assert locks.acquire(store) is None
    lease.release(None)


def test_a_released_lease_is_free(locks: StoreLocks, store: StoreName) -> None:
    for _ in range(3):
        lease = locks.acquire(store)
        assert lease is not None
        lease.ensure()
        lease.release(None)


def test_a_lease_says_until_when_it_is_certain(locks: StoreLocks, store: StoreName) -> None:
    lease = locks.acquire(store)
    assert lease is not None
    assert lease.sure_until() > time.monotonic()
    lease.release(None)


def test_others_see_which_run_a_lease_sends(locks: StoreLocks, store: StoreName) -> None:
    assert locks.sender(store) is None
    assert not locks.is_held(store)
    lease = locks.acquire(store)
    assert lease is not None
    assert locks.is_held(store)
    assert locks.sender(store) is None
    lease.note(InDoubt(RunId("shop.1"), None))
    assert locks.sender(store) == "shop.1"
    lease.release(InDoubt(RunId("shop.1"), NOON))
    assert locks.sender(store) is None
    assert not locks.is_held(store)


@pytest.mark.parametrize("until", [None, datetime(2026, 11, 23, 12, 0, 1, 250_000, UTC)])
def test_what_is_in_doubt_is_told_to_the_next_one(
    locks: StoreLocks, store: StoreName, until: datetime | None
) -> None:
    note = InDoubt(RunId("Café 製品.8DC12"), until)
    first = locks.acquire(store)
    assert first is not None
    assert first.in_doubt is None
    first.release(note)
    second = locks.acquire(store)
    assert second is not None
    assert second.in_doubt == note
    second.release(note)
    third = locks.acquire(store)
    assert third is not None
    assert third.in_doubt == note
    third.release(None)
    fourth = locks.acquire(store)
    assert fourth is not None
    assert fourth.in_doubt is None
    fourth.release(None)


def test_a_note_is_left_even_if_the_lease_is_not_released(
    container: ContainerClient, store: StoreName
) -> None:
    real = BlobStoreLocks(container)
    lease = real.acquire(store)
    assert lease is not None
    sending = InDoubt(RunId("x.1"), None)
    lease.note(sending)
    BlobLeaseClient(container.get_blob_client(f"{store}.lease")).break_lease(0)
    other = real.acquire(store)
    assert other is not None
    assert other.in_doubt == sending
    with pytest.raises(LeaseLostError):
        lease.note(InDoubt(RunId("x.1"), NOON))
    lease.release(None)
    other.release(other.in_doubt)
    assert container.download_blob(f"{store}.lease").readall() == b'{"run": "x.1", "until": null}'


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"run": "x"}', b'{"run": "x", "until": 7}'])
def test_a_damaged_note_tells_of_every_run(
    container: ContainerClient, store: StoreName, content: bytes
) -> None:
    container.upload_blob(f"{store}.lease", content)
    lease = BlobStoreLocks(container).acquire(store)
    assert lease is not None
    assert lease.in_doubt == InDoubt(RunId(""), None)
    lease.release(None)


def test_each_store_has_its_own_lease(locks: StoreLocks, store: StoreName) -> None:
    leases = [locks.acquire(each) for each in (store, StoreName(f"{store}x"))]
    for lease in leases:
        assert lease is not None
        lease.release(None)


def test_a_new_store_has_no_note(locks: StoreLocks, store: StoreName) -> None:
    assert locks.newest(store) is None


def test_a_note_is_read_back(locks: StoreLocks, store: StoreName) -> None:
    assert locks.note_newest(store, FIRST, None)
    note = locks.newest(store)
    assert note is not None
    assert note.newest == FIRST


def test_a_note_replaces_the_version_that_was_read(locks: StoreLocks, store: StoreName) -> None:
    assert locks.note_newest(store, FIRST, None)
    note = locks.newest(store)
    assert note is not None
    assert locks.note_newest(store, SECOND, note.version)
    second = locks.newest(store)
    assert second is not None
    assert (second.newest, second.version != note.version) == (SECOND, True)


def test_a_note_written_by_another_run_is_not_overwritten(
    locks: StoreLocks, store: StoreName
) -> None:
    assert locks.note_newest(store, FIRST, None)
    before = locks.newest(store)
    assert before is not None
    assert not locks.note_newest(store, SECOND, None)
    assert locks.note_newest(store, FIRST, before.version)
    assert not locks.note_newest(store, SECOND, before.version)
    after = locks.newest(store)
    assert after is not None
    assert after.newest == FIRST


def test_each_store_has_its_own_note(locks: StoreLocks, store: StoreName) -> None:
    assert locks.note_newest(store, FIRST, None)
    assert locks.newest(StoreName(f"{store}x")) is None


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b'{"catalog": "z.json", "etag": "0x9", "modified": "soon"}',
        b'{"catalog": "z.json", "etag": "0x9", "modified": 7}',
        b'{"catalog": "z.json", "etag": "0x9", "modified": "0001-01-01T00:00:00+14:00"}',
    ],
)
def test_a_damaged_note_is_recognised_and_can_be_overwritten(
    container: ContainerClient, store: StoreName, note: bytes
) -> None:
    container.upload_blob(f"{store}.newest", note)
    real = BlobStoreLocks(container)
    damaged = real.newest(store)
    assert damaged is not None
    assert damaged.newest is None
    assert real.note_newest(store, FIRST, damaged.version)


def test_a_missing_container_is_an_error_and_nothing_hangs(storage: str) -> None:
    with BlobServiceClient.from_connection_string(storage) as service:
        real = BlobStoreLocks(service.get_container_client(f"no-{uuid4().hex[:12]}"))
        with pytest.raises(ResourceNotFoundError):
            real.note_newest(StoreName("0001"), FIRST, None)
        with pytest.raises(ResourceNotFoundError):
            real.acquire(StoreName("0001"))
