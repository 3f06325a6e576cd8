"""What orders a store's runs, as two small blobs: its lease, and the note of its newest catalogue."""

import json
import time
from datetime import UTC, datetime

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobClient, ContainerClient

from contract.blobs import RunId, StoreName
from function_app.azure_storage.conditional import write_over
from function_app.azure_storage.lease import LEASE_CONFLICTS, LEASE_SECONDS, BlobLease, read_note
from function_app.ordering import CatalogAge
from function_app.ports import Lease, StoredNote


class BlobStoreLocks:
    """Leases and notes; implements `ports.StoreLocks`."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    def acquire(self, store: StoreName) -> Lease | None:
        """Return the store's lease, or None if another worker has it."""
        blob = self._lease_of(store)
        while True:
            begun = time.monotonic()
            try:
                return BlobLease(blob, blob.acquire_lease(LEASE_SECONDS), begun)
            except ResourceNotFoundError:
                write_over(blob, None, b"")
            except HttpResponseError as error:
                if error.status_code not in LEASE_CONFLICTS:
                    raise
                return None

    def is_held(self, store: StoreName) -> bool:
        """Return whether a worker has the store's lease."""
        try:
            return bool(self._lease_of(store).get_blob_properties().lease.state == "leased")
        except ResourceNotFoundError:
            return False

    def sender(self, store: StoreName) -> RunId | None:
        """Return the run that the store's lease was last noted to send, or None if it sends nothing now."""
        try:
            note = read_note(self._lease_of(store))
        except ResourceNotFoundError:
            return None
        return note.run if note is not None and note.until is None else None

    def newest(self, store: StoreName) -> StoredNote | None:
        """Return the store's note of its newest catalogue, or None if there is none yet."""
        try:
            stream = self._note_of(store).download_blob(decompress=False)
        except ResourceNotFoundError:
            return None
        return StoredNote(_decode(stream.readall()), str(stream.properties.etag))

    def note_newest(self, store: StoreName, catalog: CatalogAge, version: str | None) -> bool:
        """Write the note over its `version` (None: there is none yet).

        Returns False if another run wrote it in between.
        """
        return write_over(self._note_of(store), version, _encode(catalog)) is not None

    def _lease_of(self, store: StoreName) -> BlobClient:
        return self._container.get_blob_client(f"{store}.lease")

    def _note_of(self, store: StoreName) -> BlobClient:
        return self._container.get_blob_client(f"{store}.newest")


def _decode(data: bytes) -> CatalogAge | None:
    """Return the catalogue in a note, or None if the note is damaged."""
    try:
        note = json.loads(data)
        modified = datetime.fromisoformat(note["modified"]).astimezone(UTC)
        return CatalogAge(str(note["catalog"]), str(note["etag"]), modified)
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def _encode(age: CatalogAge) -> bytes:
    note = {"catalog": age.name, "etag": age.etag, "modified": age.modified.isoformat()}
    return json.dumps(note).encode()
