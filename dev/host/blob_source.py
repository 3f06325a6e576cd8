"""Blob triggers: find new blobs and versions by listing the container, as Azure's scan does."""

import asyncio
import base64
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobProperties

from dev.host.blob_binding import blob_metadata, blob_value
from dev.host.connections import STORAGE_ERRORS, Connections
from dev.host.invoker import Invoker, Outage, log
from dev.host.settings import HostSettings
from dev.host.triggers import BlobTrigger

_POISON = "webjobs-blobtrigger-poison"
_SCAN_SECONDS = 0.3
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class BlobVersion:
    """A blob as it was at one point in time."""

    name: str
    etag: str
    """Without quotes, which listings leave out."""

    modified: datetime
    failures: int = 0


class BlobSource:
    """Serves one blob trigger."""

    def __init__(
        self,
        trigger: BlobTrigger,
        connections: Connections,
        settings: HostSettings,
        invoker: Invoker,
        at_once: asyncio.Semaphore,
    ) -> None:
        """Create a source that shares `at_once` with the app's other blob triggers."""
        self.ready = asyncio.Event()
        self._trigger, self._settings, self._invoker = trigger, settings, invoker
        self._at_once = at_once
        self._container = connections.blobs(trigger.connection).get_container_client(
            trigger.path.container
        )
        self._poison = connections.queues(trigger.connection).get_queue_client(_POISON)
        self._outage = Outage(f"The container {trigger.path.container}")
        self._found: asyncio.Queue[BlobVersion] = asyncio.Queue()
        # Azure keeps receipts in storage. Here they last only as long as the process: after a
        # restart every blob is passed to the app once more. The app has to be idempotent anyway.
        self._receipts: dict[str, str] = {}

    async def run(self) -> None:
        """Scan the container and invoke the function until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._scan_forever())
            for _ in range(self._settings.blobs_at_once):
                tasks.create_task(self._work_forever())

    async def _scan_forever(self) -> None:
        while not self._invoker.stopping:
            started = time.monotonic()
            try:
                versions = await asyncio.to_thread(self._list)
            except STORAGE_ERRORS as error:
                self._outage.begin(error)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._outage.end()
            for version in self._without_receipt(versions):
                self._found.put_nowait(version)
            self.ready.set()
            # A slow container is listed less often: listing takes at most a fifth of the time.
            await asyncio.sleep(max(_SCAN_SECONDS, 4 * (time.monotonic() - started)))

    def _list(self) -> list[BlobVersion]:
        path = self._trigger.path
        try:
            return [
                BlobVersion(blob.name, blob.etag.strip('"'), blob.last_modified)
                for blob in self._container.list_blobs(name_starts_with=path.prefix or None)
                if path.match(blob.name) is not None
            ]
        except ResourceNotFoundError:
            self._create_container()
            return []

    def _create_container(self) -> None:
        with suppress(ResourceExistsError):
            self._container.create_container()

    def _without_receipt(self, versions: Iterable[BlobVersion]) -> list[BlobVersion]:
        listed = list(versions)
        new = [version for version in listed if self._receipts.get(version.name) != version.etag]
        self._receipts = {version.name: version.etag for version in listed}
        return sorted(new, key=lambda version: (version.modified, version.name))

    async def _work_forever(self) -> None:
        while not self._invoker.stopping:
            version = await self._found.get()
            async with self._at_once:
                if not self._invoker.stopping:
                    with self._invoker.handling():
                        await self._handle(version)

    async def _handle(self, version: BlobVersion) -> None:
        blob = self._container.get_blob_client(version.name)
        try:
            properties = await asyncio.to_thread(blob.get_blob_properties)
            if properties.etag.strip('"') != version.etag:
                return  # overwritten since: the scan finds the new version
            content = await asyncio.to_thread(self._content, version)
        except ResourceNotFoundError:
            return
        except STORAGE_ERRORS as error:
            self._outage.begin(error)
            self._again(version, _RETRY_SECONDS)
            return
        if not await self._call(properties, content):
            await self._after_failure(replace(version, failures=version.failures + 1))

    def _content(self, version: BlobVersion) -> bytes | None:
        if self._trigger.wants_client:
            return None
        return self._container.download_blob(version.name).readall()

    async def _call(self, properties: BlobProperties, content: bytes | None) -> bool:
        trigger, name = self._trigger, properties.name
        return await self._invoker.call(
            trigger.function,
            trigger.parameter,
            blob_value(trigger, name, content),
            blob_metadata(trigger, properties, self._container.get_blob_client(name).url),
            f"{trigger.path.container}/{name}",
        )

    async def _after_failure(self, version: BlobVersion) -> None:
        if version.failures < self._settings.tries_of_a_blob:
            self._again(version, self._settings.seconds_between_tries)
            return
        while True:
            try:
                await asyncio.to_thread(self._give_up, version)
            except STORAGE_ERRORS as error:
                self._outage.begin(error)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    def _again(self, version: BlobVersion, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._found.put_nowait, version)

    def _give_up(self, version: BlobVersion) -> None:
        message = {
            "Type": "BlobTrigger",
            "FunctionId": f"Host.Functions.{self._trigger.function}",
            "BlobType": "BlockBlob",
            "ContainerName": self._trigger.path.container,
            "BlobName": version.name,
            "ETag": f'"{version.etag}"',
        }
        with suppress(ResourceExistsError):
            self._poison.create_queue()
        self._poison.send_message(base64.b64encode(json.dumps(message).encode()).decode("ascii"))
        log.error(
            "%s: %s/%s: given up after %d tries; a message is in the queue %s",
            self._trigger.function,
            self._trigger.path.container,
            version.name,
            version.failures,
            _POISON,
        )
