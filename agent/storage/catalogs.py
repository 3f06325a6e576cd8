"""The container of catalogues: uploads them in blocks, and asks for runs to be resumed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import IO, Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ServiceRequestError
from azure.storage.blob import BlobClient, ContentSettings

from agent.errors import SignInError, StoppedError, StorageError
from agent.storage.messages import Task
from agent.storage.service import AlreadyThereError, Service
from contract.blobs import CATALOGS, CatalogMetadata, RunId, StoreName, resume_name

logger = logging.getLogger(__name__)

BLOCK = 1 << 18
"""Bytes in a block: even at 200 kbit/s it takes 10 s, within the time-out, and losing one costs no more."""

_UPLOADING = Task("The catalogue can't be uploaded", CATALOGS, "create and write blobs")
_VERIFYING = Task("The uploaded catalogue can't be checked", CATALOGS, "read blobs")
_PROVING = Task("A catalogue couldn't be uploaded", CATALOGS, "create and write blobs")
_RESUMING = Task("The run can't be resumed", CATALOGS, "create and write blobs")

_UNCLEAR = {408, 500, 502, 504}
"""HTTP statuses after which the service, or a proxy's other side, may have done what it was asked."""

_PROOF = ".check-write"
"""Name of a blob that never comes to be; its single block is dropped by the service after a week."""


@dataclass(frozen=True, slots=True)
class _Expected:
    """A blob as it should be stored."""

    size: int
    etag: str
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class Catalogs:
    """The catalogues in a storage account."""

    service: Service

    def put(
        self, name: str, catalog: IO[bytes], metadata: CatalogMetadata, sent: Callable[[int], None]
    ) -> str:
        """Upload a catalogue and return its ETag; it becomes visible when it is complete, or never.

        The blocks of an interrupted upload are not a blob: the service drops them after a week.
        Raises StorageError; then nothing was uploaded, unless the message says so.
        """
        blob = self.service.client.get_blob_client(CATALOGS, name)
        blocks: list[str] = []
        while block := catalog.read(BLOCK):
            block_id = _block_id(len(blocks))
            self.service.patiently(partial(_stage, blob, block_id, block), _UPLOADING)
            blocks.append(block_id)
            sent(catalog.tell())
        try:
            etag = self._commit(blob, blocks, metadata)
            self._verify(blob, _Expected(catalog.tell(), etag, metadata.to_headers()))
            logger.debug("%s is stored: %d bytes, version %s", name, catalog.tell(), etag)
        except KeyboardInterrupt:
            raise StoppedError(
                "Stopped at the last moment of the upload: it may be complete, and then goes on in the cloud."
            ) from None
        return etag

    def _commit(self, blob: BlobClient, blocks: list[str], metadata: CatalogMetadata) -> str:
        commit = _Tries(
            partial(
                blob.commit_block_list,
                blocks,  # type: ignore[arg-type]  # ids are taken too, whatever the annotation says
                metadata=metadata.to_headers(),
                content_settings=ContentSettings(content_type="application/gzip"),
                match_condition=MatchConditions.IfMissing,
            )
        )
        try:
            return str(self.service.patiently(commit, _UPLOADING)["etag"])
        except AlreadyThereError:
            # Nobody else uses this name: an earlier try succeeded, and only its response was lost.
            try:
                return str(self.service.patiently(blob.get_blob_properties, _VERIFYING).etag)
            except StorageError as error:  # a store may write catalogues, but not read them
                raise StorageError(
                    f"{error} The catalogue is uploaded all the same, and its run goes on in the cloud."
                ) from error
        except StorageError as error:
            if not commit.may_be_done:
                raise
            # Never the passing kind: a schedule would upload a second time.
            raise StorageError(
                f"{error} It was the last step of the upload, so the catalogue may be uploaded all the "
                "same, and then its run goes on in the cloud.",
                "`shopmaster status` shows whether there is such a run.",
            ) from error

    def _verify(self, blob: BlobClient, expected: "_Expected") -> None:
        """Compare what is stored with what was sent: SDKs have lost blocks in retries before."""
        try:
            stored = self.service.patiently(blob.get_blob_properties, _VERIFYING)
        except StorageError as error:
            # Some stores may write but not read. The service has verified each block's checksum.
            logger.debug("what was uploaded can't be checked: %s", error)
            return
        if _Expected(stored.size, stored.etag, dict(stored.metadata)) != expected:
            raise StorageError(
                "What is in the storage account is not what was uploaded.",
                "Try again; if that doesn't help, tell your operator.",
            )

    def prove_write(self, store: StoreName) -> None:
        """Prove that the store's catalogues may be written, and leave nothing that anything sees.

        A block that is never committed is no blob: no event tells of it, and no listing shows it.
        Raises StorageError.
        """
        blob = self.service.client.get_blob_client(CATALOGS, f"{store}/{_PROOF}")
        self.service.patiently(partial(_stage, blob, _block_id(0), b"?"), _PROVING)

    def ask_to_resume(self, store: StoreName, run: RunId) -> None:
        """Ask for a run to be taken up again, whose record will say so; raises StorageError."""
        blob = self.service.client.get_blob_client(CATALOGS, resume_name(store, run))
        self.service.patiently(partial(blob.upload_blob, b"", overwrite=True), _RESUMING)


class _Tries:
    """A request that remembers whether a try that failed may have been carried out all the same."""

    def __init__(self, request: Callable[[], dict[str, Any]]) -> None:
        self.may_be_done = False
        self._request = request

    def __call__(self) -> dict[str, Any]:
        try:
            return self._request()
        except (AzureError, OSError, SignInError) as error:
            self.may_be_done = self.may_be_done or _may_be_done(error)
            raise


def _may_be_done(error: AzureError | OSError | SignInError) -> bool:
    """Return whether the service may have done what it was asked, although the try failed."""
    if isinstance(error, ServiceRequestError | SignInError):  # nothing was sent
        return False
    status = getattr(error, "status_code", None)
    return status is None or status in _UNCLEAR


def _block_id(number: int) -> str:
    return f"{number:08d}"


def _stage(blob: BlobClient, block_id: str, block: bytes) -> None:
    # As a stream, the block is sent in small pieces, each with the whole time-out on a slow line.
    blob.stage_block(block_id, BytesIO(block), len(block), validate_content=True)
