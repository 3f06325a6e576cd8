"""One run of a store at a time, in the order of catalogues: the fake and the real one keep the same contract."""

import time
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from contract.blobs import LOCKS, CatalogMetadata, StoreName
from function_app.locks import BlobStoreLocks
from function_app.ports import CatalogVersion, Claim, StoreLocks
from tests.function_app.fake_storage import FakeLocks
from tests.function_app.fakes import NOON

NOW = timedelta(0)


@pytest.fixture
def container(storage: str) -> ContainerClient:
    return BlobServiceClient.from_connection_string(storage).get_container_client(LOCKS)


@pytest.fixture(params=["fake", "real"])
def locks(request: pytest.FixtureRequest) -> StoreLocks:
    if request.param == "fake":
        return FakeLocks()
    return BlobStoreLocks(request.getfixturevalue("container"))


@pytest.fixture
def store() -> StoreName:
    return StoreName(f"s{uuid4().hex[:12]}")


def version(name: str = "a.json", etag: str = '"0x1"', modified: datetime = NOON) -> CatalogVersion:
    return CatalogVersion(name, etag, modified, 1, CatalogMetadata())


def yes() -> bool:
    return True


def no() -> bool:
    return False


def test_a_store_has_one_lease(locks: StoreLocks, store: StoreName) -> None:
    lease = locks.acquire(store, NOW)
    assert lease is not None
    assert locks.acquire(store, NOW) is None
    lease.release()


def test_a_lease_that_was_released_is_free(locks: StoreLocks, store: StoreName) -> None:
    for _ in range(3):
        lease = locks.acquire(store, NOW)
        assert lease is not None
        lease.ensure()
        lease.release()


def test_a_lease_tells_until_when_it_is_sure(locks: StoreLocks, store: StoreName) -> None:
    lease = locks.acquire(store, NOW)
    assert lease is not None
    assert lease.ensure() > time.monotonic()
    lease.release()


def test_stores_have_leases_of_their_own(locks: StoreLocks, store: StoreName) -> None:
    leases = [locks.acquire(each, NOW) for each in (store, StoreName(f"{store}x"))]
    for lease in leases:
        assert lease is not None
        lease.release()


def test_the_first_catalogue_is_the_newest(locks: StoreLocks, store: StoreName) -> None:
    assert locks.claim_newest(store, version(), yes) == Claim(replaced=None)
    assert locks.is_newest(store, version())


def test_a_newer_catalogue_replaces_the_older_one(locks: StoreLocks, store: StoreName) -> None:
    older, newer = version(), version("b.json", modified=NOON + timedelta(seconds=1))
    locks.claim_newest(store, older, yes)
    claim = locks.claim_newest(store, newer, no)
    assert claim is not None
    assert claim.replaced is not None
    assert (claim.replaced.name, claim.replaced.etag) == (older.name, older.etag)
    assert not locks.is_newest(store, older)
    assert locks.is_newest(store, newer)


def test_an_older_catalogue_replaces_nothing(locks: StoreLocks, store: StoreName) -> None:
    older, newer = version("z.json"), version("b.json", modified=NOON + timedelta(seconds=1))
    locks.claim_newest(store, newer, yes)
    assert locks.claim_newest(store, older, yes) is None
    assert locks.is_newest(store, newer)


def test_a_catalogue_may_be_claimed_again(locks: StoreLocks, store: StoreName) -> None:
    for _ in range(2):
        assert locks.claim_newest(store, version(), no) == Claim(replaced=None)


def test_within_a_second_the_later_name_is_the_newer(locks: StoreLocks, store: StoreName) -> None:
    a, b, c = version("a.json"), version("b.json"), version("c.json")
    assert locks.claim_newest(store, b, no)
    assert locks.claim_newest(store, a, yes) is None
    assert locks.claim_newest(store, c, no)


def test_within_a_second_what_is_there_under_a_name_is_the_newer(
    locks: StoreLocks, store: StoreName
) -> None:
    first, second = version(etag='"0x9"'), version(etag='"0x1"')
    assert locks.claim_newest(store, first, yes)
    assert locks.claim_newest(store, second, yes)
    assert locks.claim_newest(store, first, no) is None


def test_within_a_second_azures_etags_tell(locks: StoreLocks, store: StoreName) -> None:
    second = datetime.fromisoformat("2009-09-09T09:20:02+00:00")
    earlier, later = (
        version(name, etag, second)
        for name, etag in (("z.json", '"0x8CBFF45D8A29A19"'), ("a.json", '"0x8CBFF45D8A29A80"'))
    )
    assert locks.claim_newest(store, earlier, no)
    assert locks.claim_newest(store, later, no)
    assert locks.claim_newest(store, earlier, yes) is None


def test_each_store_has_a_newest_of_its_own(locks: StoreLocks, store: StoreName) -> None:
    locks.claim_newest(store, version("b.json"), yes)
    assert locks.claim_newest(StoreName(f"{store}x"), version("a.json"), yes) is not None


def test_before_any_claim_every_catalogue_is_the_newest(
    locks: StoreLocks, store: StoreName
) -> None:
    assert locks.is_newest(store, version())


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
        b'{"catalog": "z.json", "etag": "0x9", "modified": "2000-01-01T00:00:00"}',
        b'{"catalog": "z.json", "etag": "0x9", "modified": "0001-01-01T00:00:00+14:00"}',
    ],
)
def test_a_damaged_note_is_written_anew(
    container: ContainerClient, store: StoreName, note: bytes
) -> None:
    container.upload_blob(f"{store}.newest", note)
    real = BlobStoreLocks(container)
    assert real.claim_newest(store, version(), yes) is not None
    assert real.claim_newest(store, version(), yes) == Claim(replaced=None)
