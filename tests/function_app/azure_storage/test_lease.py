"""A lease outlives slow batches and short outages but not its worker, and never has two holders."""

import time
from uuid import uuid4

import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError
from azure.storage.blob import BlobLeaseClient, BlobServiceClient, ContainerClient

from contract.blobs import LOCKS, StoreName
from function_app.azure_storage import lease as lease_module
from function_app.azure_storage.lease import LEASE_SECONDS, BlobLease
from function_app.azure_storage.locks import BlobStoreLocks
from function_app.errors import LeaseLostError


@pytest.fixture
def container(storage: str) -> ContainerClient:
    return BlobServiceClient.from_connection_string(storage).get_container_client(LOCKS)


@pytest.fixture
def store() -> StoreName:
    return StoreName(f"s{uuid4().hex[:12]}")


def test_a_lease_is_certain_for_no_longer_than_azure_keeps_it(
    container: ContainerClient, store: StoreName
) -> None:
    lease = BlobStoreLocks(container).acquire(store)
    assert lease is not None
    assert time.monotonic() < lease.sure_until() < time.monotonic() + LEASE_SECONDS
    lease.release(None)


def test_a_dead_workers_lease_expires_but_a_living_workers_does_not(
    container: ContainerClient, store: StoreName
) -> None:
    """This takes 15 seconds: Azure has no shorter leases."""
    real = BlobStoreLocks(container)
    living = real.acquire(store)
    assert living is not None
    dead = StoreName(f"{store}-dead")
    container.upload_blob(f"{dead}.lease", b"")
    BlobLeaseClient(container.get_blob_client(f"{dead}.lease")).acquire(LEASE_SECONDS)
    until = time.monotonic() + 40
    while (taken := real.acquire(dead)) is None:
        assert time.monotonic() < until
        time.sleep(0.3)
    assert real.acquire(store) is None
    living.ensure()
    living.release(None)
    taken.release(None)


def test_a_lease_taken_by_another_worker_is_lost(
    container: ContainerClient, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = BlobStoreLocks(container)
    lease = real.acquire(store)
    assert lease is not None
    BlobLeaseClient(container.get_blob_client(f"{store}.lease")).break_lease(0)
    other = real.acquire(store)
    assert other is not None
    with monkeypatch.context() as unsure:
        unsure.setattr(lease_module, "_FRESH_FOR", 0.0)
        with pytest.raises(LeaseLostError):
            lease.ensure()
    assert lease.sure_until() < time.monotonic()
    lease.release(None)
    other.ensure()
    other.release(None)


class AzureBlob:
    """An empty blob, which can't be written."""

    def download_blob(self, **_: object) -> "AzureBlob":
        return self

    def readall(self) -> bytes:
        return b""

    def upload_blob(self, *_: object, **__: object) -> None:
        raise ServiceRequestError("storage is down")


class AzureLease:
    """A lease whose first renewals fail, with the given error or because storage is down."""

    def __init__(self, failures: int, error: AzureError | None = None) -> None:
        self.failures = failures
        self.error = error or ServiceRequestError("storage is down")
        self.renewals = 0

    def renew(self, **_: object) -> None:
        self.renewals += 1
        if self.renewals <= self.failures:
            raise self.error

    def release(self, **_: object) -> None:
        raise ServiceRequestError("storage is down")


def test_a_lease_is_kept_when_storage_comes_back_soon_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lease_module, "_POLL", 0.01)
    azure = AzureLease(failures=3)
    lease = BlobLease(AzureBlob(), azure, begun=-1e9)  # type: ignore[arg-type]  # last renewed long ago
    lease.ensure()
    lease.release(None)
    assert azure.renewals == 4


def test_a_lease_is_lost_when_storage_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "_POLL", 0.01)
    monkeypatch.setattr(lease_module, "_REGAIN_FOR", 0.1)
    lease = BlobLease(AzureBlob(), AzureLease(failures=10**9), begun=-1e9)  # type: ignore[arg-type]  # as above
    with pytest.raises(LeaseLostError):
        lease.ensure()
    lease.release(None)


def test_a_lease_taken_by_another_worker_is_not_asked_for_again() -> None:
    taken = HttpResponseError("another worker has it")
    taken.status_code = 409
    azure = AzureLease(failures=10**9, error=taken)
    lease = BlobLease(AzureBlob(), azure, begun=-1e9)  # type: ignore[arg-type]  # as above
    with pytest.raises(LeaseLostError):
        lease.ensure()
    lease.release(None)
    assert azure.renewals == 1


def test_a_lease_is_renewed_automatically(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "_RENEW_EVERY", 0.01)
    azure = AzureLease(failures=2)
    lease = BlobLease(AzureBlob(), azure, begun=-1e9)  # type: ignore[arg-type]  # as above
    while azure.renewals < 4:
        lease._over.wait(0.01)
    lease.ensure()
    lease.release(None)
