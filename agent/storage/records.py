"""The container of run records: reads one, or a store's latest."""

import heapq
import logging
from functools import partial
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobProperties

from agent.errors import SignInError, StorageError
from agent.showing import shown
from agent.storage.messages import Task
from agent.storage.service import MAX_RECORD, Service
from contract.blobs import RUNS, RunId, StoreName, run_record_name
from contract.run import Run
from contract.run_record import RunRecordError, decode_run

logger = logging.getLogger(__name__)

_NOT_MODIFIED = 304
_FOLLOWING = Task("The run record can't be read", RUNS, "read blobs")
_LISTING = Task("The run records can't be listed", RUNS, "list blobs", "containers (srt=c)")


class Records:
    """The run records in a storage account."""

    def __init__(self, service: Service) -> None:
        """Read through `service`; a record that was read before is only downloaded if it has changed."""
        self._service = service
        self._seen: dict[str, tuple[str, Run]] = {}

    def read(self, store: StoreName, run: RunId) -> Run | None:
        """Return a run as its record describes it now; None if there is none yet, or it is damaged.

        Raises StorageError for a record that is another run's, or too large to be one.
        """
        name = run_record_name(store, run)
        run_now = self._record(name)
        if run_now is not None and (run_now.store, run_now.run) != (store, run):
            other = f"the run {shown(run_now.run)} of the store {run_now.store}"
            raise _not_its_record(name, f"describes {other} instead")
        return run_now

    def latest(self, store: StoreName, most: int) -> list[Run]:
        """Return the store's runs that began last, `most` at the most, the newest first.

        A record that is damaged, or another run's, is left out. Raises StorageError.
        """
        container = self._service.client.get_container_client(RUNS)
        find = partial(container.list_blobs, name_starts_with=f"{store}/")

        def newest() -> list[BlobProperties]:
            # By when the record was last written: names that people chose don't say when a run began.
            return heapq.nlargest(most, find(), key=lambda blob: (blob.last_modified, blob.name))

        found = [self._record(blob.name) for blob in self._service.patiently(newest, _LISTING)]
        runs = [run for run in found if run is not None and run.store == store]
        return sorted(runs, key=lambda run: run.started_at, reverse=True)

    def _record(self, name: str) -> Run | None:
        blob = self._service.client.get_blob_client(RUNS, name)
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
        except (AzureError, OSError, SignInError) as error:
            if isinstance(error, HttpResponseError) and error.status_code == _NOT_MODIFIED:
                return before
            raise self._service.explained(error, _FOLLOWING) from error
        self._seen[name] = (found.properties.etag, run_now)
        return run_now


def _not_its_record(name: str, why: str) -> StorageError:
    return StorageError(
        f"{_FOLLOWING.failure}: the blob {name} in the container {RUNS} {why}.",
        "Tell your operator.",
    )
