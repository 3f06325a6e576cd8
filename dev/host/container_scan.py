"""Finds new blobs and versions by listing their container, as a blob trigger without events does."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.core.paging import ItemPaged
from azure.storage.blob import BlobProperties

from dev.host.blob_messages import BlobMessage, function_id
from dev.host.connections import ask
from dev.host.lease import Lease
from dev.host.receipts import Receipts
from dev.host.shared import Shared
from dev.host.triggers import BlobTrigger

_EVERY_SECONDS = 10
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class PagedListing:
    """A container's blobs, 5,000 at a time, and then from the beginning again."""

    def __init__(self, list_blobs: Callable[[], ItemPaged[BlobProperties]]) -> None:
        self._list_blobs = list_blobs
        self._next: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the page that came last was the last one."""
        return self._next is None

    def next_page(self) -> list[BlobProperties]:
        """Return the next blobs; none if there is no such container."""
        pages: Any = self._list_blobs().by_page(self._next)
        try:
            blobs = list(next(pages, ()))
        except ResourceNotFoundError:
            return []  # as in Azure, the container is not the host's to make
        self._next = pages.continuation_token or None
        return blobs


class ContainerScan:
    """Queues what a blob trigger's function has not been called for."""

    def __init__(self, trigger: BlobTrigger, lease: Lease, shared: Shared) -> None:
        """Create a scan that works while this host has the lease."""
        self.ready = asyncio.Event()
        self._trigger, self._lease, self._shared = trigger, lease, shared
        blobs = shared.connections.blobs(trigger.connection)
        self._container = blobs.get_container_client(trigger.path.container)
        self._receipts = Receipts(shared.notes, shared.host_id)
        self._listing = PagedListing(self._container.list_blobs)
        self._began = self._newest = self._newest_of_this_sweep = _LONG_AGO
        self._queued: dict[str, str] = {}
        """The versions that have a receipt, by the blob's name: fewer requests."""

    async def run(self) -> None:
        """Scan again and again until the host stops; raise StorageGoneError if storage is gone."""
        await self._lease.looked.wait()
        if not self._lease.held.is_set():
            self.ready.set()  # another host scans
        await self._lease.held.wait()
        self._newest = await ask(self._receipts.newest, self._container)
        while not self._shared.invoker.stopping:
            await self._lease.held.wait()
            started = time.monotonic()
            await self._scan_a_page()
            self.ready.set()
            # Where times are short, listing takes at most a fifth of the time.
            rest = 4 * (time.monotonic() - started)
            await asyncio.sleep(max(rest, self._shared.times.scaled(_EVERY_SECONDS)))

    async def _scan_a_page(self) -> None:
        is_first = self._listing.is_complete
        if is_first:
            self._began = datetime.now(UTC)
        blobs = await ask(self._listing.next_page)
        if not (is_first and self._listing.is_complete):
            # What came after the first page was listed is for the next sweep, all of it: otherwise
            # a newer blob on a later page would hide an older one on a page that has passed.
            blobs = [blob for blob in blobs if blob.last_modified <= self._began]
        for blob in blobs:
            if blob.last_modified >= self._newest and self._is_ours(blob):
                await self._queue_if_new(blob)
        for blob in blobs:
            self._newest_of_this_sweep = max(self._newest_of_this_sweep, blob.last_modified)
        if self._listing.is_complete and self._newest_of_this_sweep > self._newest:
            self._newest = self._newest_of_this_sweep
            await ask(self._receipts.write_newest, self._container, self._newest)

    def _is_ours(self, blob: BlobProperties) -> bool:
        # Microsoft's client looks for a blob without the slash at its end, in vain.
        return self._trigger.path.match(blob.name) is not None and not blob.name.endswith("/")

    async def _queue_if_new(self, blob: BlobProperties) -> None:
        if self._queued.get(blob.name) == blob.etag:
            return
        message = BlobMessage(
            function_id(self._trigger.function),
            str(blob.blob_type.value),
            self._trigger.path.container,
            blob.name,
            f'"{blob.etag.strip(chr(34))}"',  # listings leave the quotes out
        )
        if not await ask(self._receipts.has, message):
            await self._shared.put(self._shared.blob_queue, message.text)
            await ask(self._receipts.write, message)
        self._queued[blob.name] = blob.etag
