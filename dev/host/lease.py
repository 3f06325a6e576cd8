"""A lease in the host's storage: of several hosts with one id, one does what all of them could."""

import asyncio

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient

from dev.host.connections import ask
from dev.host.shared import Shared, write_note

_LOOK_AGAIN_SECONDS = 60
_ANOTHER_HAS_IT = (409, 412)


class Lease:
    """The right to be the one."""

    def __init__(self, name: str, shared: Shared) -> None:
        """Create a lease of this name, which nobody has yet."""
        self.held = asyncio.Event()
        """Set while this host has it."""

        self.looked = asyncio.Event()
        """Set once it is known whether this host has it at its start."""

        self._name, self._shared = f"locks/{shared.host_id}/{name}", shared
        self._lease: BlobLeaseClient | None = None

    async def run(self) -> None:
        """Take the lease when nobody else has it, and keep it, until the host stops."""
        while not self._shared.invoker.stopping:
            self._lease = await ask(self._acquire)
            if self._lease is not None:
                self.held.set()
            self.looked.set()
            if self._lease is not None:
                await self._keep(self._lease)
                self.held.clear()
            else:
                await asyncio.sleep(self._shared.times.scaled(_LOOK_AGAIN_SECONDS))

    async def release(self) -> None:
        """Leave the lease to another host."""
        self.held.clear()
        if self._lease is not None:
            try:
                await ask(self._lease.release)
            except HttpResponseError:
                return  # it has expired, and may be another host's

    def _acquire(self) -> BlobLeaseClient | None:
        lease = BlobLeaseClient(self._shared.notes.get_blob_client(self._name))
        try:
            try:
                lease.acquire(self._shared.times.lease)
            except ResourceNotFoundError:
                write_note(self._shared.notes, self._name, b"")
                lease.acquire(self._shared.times.lease)
        except HttpResponseError as error:
            if error.status_code not in _ANOTHER_HAS_IT:
                raise
            return None
        return lease

    async def _keep(self, lease: BlobLeaseClient) -> None:
        while self.held.is_set():
            await asyncio.sleep(self._shared.times.lease / 2)
            try:
                await ask(lease.renew)
            except HttpResponseError:
                return
