"""The run records in Azure Blob Storage, each rewritten only over the version that was read."""

from collections.abc import Iterator

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties, ContainerClient, ContentSettings

from contract.blobs import RunId, StoreName, run_record_name
from contract.run import Content, Run
from contract.run_record import RunRecordError, decode_run, encode_run, moment, stamp
from function_app.azure_storage.conditional import write_over
from function_app.azure_storage.listing import list_all
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
        saved = write_over(blob, version, data, content_settings=_CONTENT, metadata=_metadata(run))
        if saved is not None:
            return saved
        # If only the response to our own write was lost, the client's retry meets that very write.
        found = _read(blob)
        if found is not None and found[0] == data:
            return found[1]
        raise RecordConflictError

    def all(self) -> Iterator[tuple[StoreName, RunSummary]]:
        """Yield a summary of every record, in the order of their names, from the listing alone.

        If one of the names can't be listed, yields those of the other folders.
        """
        for blob in list_all(self._container, "metadata"):
            store, slash, run = blob.name.partition("/")
            if slash:
                yield StoreName(store), _summary(run, blob)

    def summaries(self, store: StoreName, stem: str = "") -> Iterator[RunSummary]:
        """Yield a summary of each of a store's records, from the listing alone.

        With `stem`, only of the runs of catalogues whose names begin with that stem.
        """
        folder = f"{store}/"
        names = folder + stem
        for blob in self._container.list_blobs(name_starts_with=names, include=["metadata"]):
            yield _summary(blob.name.removeprefix(folder), blob)


def _metadata(run: Run) -> dict[str, str]:
    """Return what a listing of the records is to say about a run."""
    metadata = {"state": run.state.value, "updated": stamp(run.updated_at), "etag": run.etag}
    if run.content is not None:
        metadata |= {
            "sha256": run.content.sha256,
            "created": stamp(run.content.created_at),
            "first": run.content.etag,
            "modified": stamp(run.content.modified_at),
        }
    return metadata


def _summary(name: str, blob: BlobProperties) -> RunSummary:
    metadata = blob.metadata or {}
    try:
        updated = moment(metadata["updated"])
    except (KeyError, ValueError):
        updated = None
    try:
        content = Content(
            sha256=metadata["sha256"],
            created_at=moment(metadata["created"]),
            etag=metadata["first"],
            modified_at=moment(metadata["modified"]),
        )
    except (KeyError, ValueError):
        content = None
    state, etag = metadata.get("state"), metadata.get("etag", "")
    run = RunId(name.removesuffix(".json"))
    return RunSummary(run, state, blob.last_modified, updated, etag, content)


def _read(blob: BlobClient) -> tuple[bytes, str] | None:
    try:
        stream = blob.download_blob(decompress=False)
    except ResourceNotFoundError:
        return None
    return stream.readall(), str(stream.properties.etag)
