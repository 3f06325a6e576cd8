"""The fixtures of the tests of the storage account."""

import uuid

import pytest
from azure.storage.blob import BlobServiceClient

from contract.blobs import StoreName
from tests.agent.storage.accounts import Account


@pytest.fixture
def service(storage: str) -> BlobServiceClient:
    return BlobServiceClient.from_connection_string(storage)


@pytest.fixture
def store() -> StoreName:
    """Return a new store, because Azurite is shared."""
    return StoreName(uuid.uuid4().hex)


@pytest.fixture
def account(storage: str) -> Account:
    return Account(storage)
