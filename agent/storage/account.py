"""The storage account: uploads catalogues in blocks and reads run records."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import count
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobClient, BlobServiceClient, ContentSettings

from agent.errors import StoppedError, StorageError, StorageUnavailableError
from agent.following import Clock
from agent.showing import shown
from agent.storage.address import StorageAccount, StorageConnection, StorageSignIn
from agent.storage.messages import Account, Task, explained
from contract.blobs import CATALOGS, RUNS, CatalogMetadata, RunId, StoreName, run_record_name
from contract.run import Run
from contract.run_record import RunRecordError, decode_run

logger = logging.getLogger(__name__)

BLOCK = 1 << 18
"""Bytes in a block: even at 200 kbit/s it takes 10 s, within the time-out, and losing one costs no more."""

MAX_RECORD = 8 << 20
"""Bytes of a run record that are read: one with every rejection it can list has about 3 MB."""

_CONNECT_SECONDS, _ANSWER_SECONDS = 8, 15
_PATIENCE = 20.0
"""Seconds during which an upload is retried after trouble that may pass."""

_PAUSES = (0.5, 1.0, 2.0, 4.0)
_NOT_MODIFIED = 304
_ALREADY_THERE = (ResourceExistsError, ResourceModifiedError)

_UPLOADING = Task("The catalogue can't be uploaded", CATALOGS, "create and write blobs")
_VERIFYING = Task("The uploaded catalogue can't be checked", CATALOGS, "read blobs")
_FOLLOWING = Task("The run record can't be read", RUNS, "read blobs")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Expected:
    """A blob as it should be stored."""

    size: int
    etag: str
    metadata: dict[str, str]


def connect(sign_in: StorageSignIn) -> BlobServiceClient:
    """Return a client for the account; nothing is sent yet. Raises StorageError for a malformed address."""
    options: dict[str, Any] = {
        "retry_total": 0,  # `_patiently` retries, limited by time instead of by number
        "connection_timeout": _CONNECT_SECONDS,
        "read_timeout": _ANSWER_SECONDS,
        "max_single_get_size": MAX_RECORD,  # what a download takes before anybody asks for more
    }
    try:
        match sign_in:
            case StorageConnection(text):
                return BlobServiceClient.from_connection_string(text, **options)
            case StorageAccount(url, None):
                # Imported late: it takes longer than all the rest, and a SAS needs none of it.
                from azure.identity import DefaultAzureCredential  # noqa: PLC0415

                return BlobServiceClient(url, DefaultAzureCredential(), **options)
            case StorageAccount(url, sas):
                return BlobServiceClient(f"{url}?{sas}", **options)
    except ValueError as error:
        raise StorageError(
            "The storage account's address or connection string in the settings is malformed. "
            "Copy all of it into the settings again."
        ) from error


class AzureStorage:
    """A storage account, as the agent's use cases see it."""

    def __init__(self, sign_in: StorageSignIn, clock: Clock) -> None:
        """Prepare to sign in; nothing is sent yet. Raises StorageError for a malformed address."""
        self._service = connect(sign_in)
        address = urlsplit(self._service.url)
        self._account = Account(address.netloc, sign_in, address.scheme)
        self._clock = clock
        self._seen: dict[str, tuple[str, Run]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def put(
        self, name: str, catalog: IO[bytes], metadata: CatalogMetadata, sent: Callable[[int], None]
    ) -> str:
        """Upload a catalogue and return its ETag; it becomes visible when it is complete, or never.

        The blocks of an interrupted upload are not a blob: the service drops them after a week.
        Raises StorageError; then nothing was uploaded, unless the message says so.
        """
        blob = self._service.get_blob_client(CATALOGS, name)
        blocks: list[str] = []
        while block := catalog.read(BLOCK):
            block_id = f"{len(blocks):08d}"
            self._patiently(partial(_stage, blob, block_id, block), _UPLOADING)
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
        commit = partial(
            blob.commit_block_list,
            blocks,  # type: ignore[arg-type]  # ids are taken too, whatever the annotation says
            metadata=metadata.to_headers(),
            content_settings=ContentSettings(content_type="application/gzip"),
            match_condition=MatchConditions.IfMissing,
        )
        try:
            return str(self._patiently(commit, _UPLOADING)["etag"])
        except _ALREADY_THERE:
            # Nobody else uses this name: an earlier try succeeded, and only its response was lost.
            try:
                return str(self._patiently(blob.get_blob_properties, _VERIFYING).etag)
            except StorageError as error:  # a store may write catalogues, but not read them
                raise StorageError(
                    f"{error} The catalogue is uploaded all the same, and its run goes on in the cloud."
                ) from error

    def _verify(self, blob: BlobClient, expected: "_Expected") -> None:
        """Compare what is stored with what was sent: SDKs have lost blocks in retries before."""
        try:
            stored = self._patiently(blob.get_blob_properties, _VERIFYING)
        except StorageError as error:
            # Some stores may write but not read. The service has verified each block's checksum.
            logger.debug("what was uploaded can't be checked: %s", error)
            return
        if _Expected(stored.size, stored.etag, dict(stored.metadata)) != expected:
            raise StorageError(
                "What is in the storage account is not what was uploaded. "
                "Try again; if that doesn't help, tell your operator."
            )

    def read(self, store: StoreName, run: RunId) -> Run | None:
        """Return a run as its record describes it now; None if there is none yet, or it is damaged.

        Raises StorageError for a record that is another run's, or too large to be one.
        """
        name = run_record_name(store, run)
        blob = self._service.get_blob_client(RUNS, name)
        etag, before = self._seen.get(name, (None, None))
        unless: dict[str, Any] = (
            {"etag": etag, "match_condition": MatchConditions.IfModified} if etag else {}
        )
        try:
            found = blob.download_blob(decompress=False, **unless)
            if found.size > MAX_RECORD:
                raise _not_its_record(name, f"has {found.size:,} bytes, more than any run record")
            run_now = decode_run(found.readall())
        except ResourceNotFoundError:
            return None
        except RunRecordError as error:
            logger.debug("%s", error)
            return before
        except (AzureError, OSError) as error:
            if isinstance(error, HttpResponseError) and error.status_code == _NOT_MODIFIED:
                return before
            raise explained(error, _FOLLOWING, self._account) from error
        if (run_now.store, run_now.run) != (store, run):
            other = f"the run {shown(run_now.run)} of the store {run_now.store}"
            raise _not_its_record(name, f"describes {other} instead")
        self._seen[name] = (found.properties.etag, run_now)
        return run_now

    def _patiently(self, call: Callable[[], T], task: Task) -> T:
        """Repeat `call` while its trouble may pass; raises StorageError, or one of _ALREADY_THERE."""
        begun = self._clock.monotonic()
        for attempt in count():
            try:
                return call()
            except _ALREADY_THERE:
                raise
            except (AzureError, OSError) as error:
                trouble = explained(error, task, self._account)
                is_late = attempt and self._clock.monotonic() - begun >= _PATIENCE
                if is_late or not isinstance(trouble, StorageUnavailableError):
                    raise trouble from error
                logger.debug("try %d: %s", attempt + 1, trouble)
            self._clock.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
        raise AssertionError


def _not_its_record(name: str, why: str) -> StorageError:
    return StorageError(
        f"{_FOLLOWING.failure}: the blob {name} in the container {RUNS} {why}. Tell your operator."
    )


def _stage(blob: BlobClient, block_id: str, block: bytes) -> None:
    # As a stream, the block is sent in small pieces, each with the whole time-out on a slow line.
    blob.stage_block(block_id, BytesIO(block), len(block), validate_content=True)
