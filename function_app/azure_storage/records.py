"""The run records in Azure Blob Storage, each rewritten only over the version that was read."""

from collections.abc import Iterator

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, ContainerClient, ContentSettings

from contract.blobs import RunId, StoreName, run_record_name
from contract.run import Run
from contract.run_record import RunRecordError, decode_run, encode_run
from function_app.azure_storage.conditional import write_over
from function_app.errors import RecordConflictError
from function_app.ports import RunSummary, StoredRun

_CONTENT = ContentSettings(content_type="application/json", cache_control="no-cache")


class BlobRunRecords:
    """Run records as block blobs, their state in the metadata too; implements `ports.RunRecords`."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    def load(self, store: StoreName, run: RunId) -> StoredRun | None:
        """Return a run's record, or None if there is none."""
        found = _read(self._container.get_blob_client(run_record_name(store, run)))
        if found is None:
            return None
        data, version = found
        try:
            return StoredRun(decode_run(data), version)
        except RunRecordError:
            return StoredRun(None, version)

    def save(self, run: Run, version: str | None) -> str:
        """Write a record over its `version` (None: there is none yet) and return the new version.

        Raises RecordConflictError if another worker wrote it in between.
        """
        blob = self._container.get_blob_client(run_record_name(run.store, run.run))
        data = encode_run(run)
        metadata = {"state": run.state.value}
        saved = write_over(blob, version, data, content_settings=_CONTENT, metadata=metadata)
        if saved is not None:
            return saved
        # If only the response to our own write was lost, the client's retry meets that very write.
        found = _read(blob)
        if found is not None and found[0] == data:
            return found[1]
        raise RecordConflictError

    def stores(self) -> Iterator[StoreName]:
        """Yield the stores that have records."""
        for folder in self._container.walk_blobs(delimiter="/"):
            if folder.name.endswith("/"):
                yield StoreName(folder.name.removesuffix("/"))

    def summaries(self, store: StoreName) -> Iterator[RunSummary]:
        """Yield a summary of each of a store's records, from the listing alone."""
        prefix = f"{store}/"
        for blob in self._container.list_blobs(name_starts_with=prefix, include=["metadata"]):
            yield RunSummary(
                run=RunId(blob.name.removeprefix(prefix).removesuffix(".json")),
                state=(blob.metadata or {}).get("state"),
                saved=blob.last_modified,
            )


def _read(blob: BlobClient) -> tuple[bytes, str] | None:
    try:
        stream = blob.download_blob(decompress=False)
    except ResourceNotFoundError:
        return None
    return stream.readall(), str(stream.properties.etag)
