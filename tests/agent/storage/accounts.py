"""Azurite's storage account as an agent reaches it, and what is in it."""

import io
import time
from datetime import UTC, datetime, timedelta

from azure.storage.blob import BlobServiceClient, generate_account_sas, generate_container_sas

from agent.following import Clock
from agent.storage.account import AzureStorage
from agent.storage.address import StorageConnection, StorageSignIn, parse_account_url
from contract.blobs import CATALOGS, RUNS, CatalogMetadata, StoreName, run_record_name
from contract.run import Run
from contract.run_record import encode_run

METADATA = CatalogMetadata(3, "ab" * 32, f"00-{'1' * 32}-{'2' * 16}-01", ids_are_unique=True)
CLOCK = Clock(time.monotonic, time.sleep)


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
