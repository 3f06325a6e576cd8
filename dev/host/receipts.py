"""What the scan of containers remembers in storage: which versions it has queued, and its place."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient

from dev.host.blob_messages import BlobMessage
from dev.host.shared import write_note

_QUEUED: Mapping[str, str] = {"Completed": "True"}


class Receipts:
    """The notes of one host id."""

    def __init__(self, notes: ContainerClient, host_id: str) -> None:
        self._notes, self._host_id = notes, host_id

    def has(self, queued: BlobMessage) -> bool:
        """Return whether this was queued before."""
        try:
            found = self._notes.get_blob_client(self._receipt(queued)).get_blob_properties()
        except ResourceNotFoundError:
            return False
        return found.metadata == _QUEUED

    def write(self, queued: BlobMessage) -> None:
        """Note that this was queued: it never is again, whatever becomes of the message."""
        write_note(self._notes, self._receipt(queued), b"", dict(_QUEUED))

    def newest(self, container: ContainerClient) -> datetime:
        """Return when the newest blob had changed that the scan of a container has seen."""
        try:
            text = self._notes.download_blob(self._scan_info(container)).readall()
        except ResourceNotFoundError:
            return datetime.min.replace(tzinfo=UTC)
        return datetime.fromisoformat(json.loads(text)["LatestScan"])

    def write_newest(self, container: ContainerClient, newest: datetime) -> None:
        """Note that time, a little earlier: more blobs may have changed within that second."""
        moment = (newest - timedelta(milliseconds=1)).isoformat()
        content = json.dumps({"LatestScan": moment}).encode()
        write_note(self._notes, self._scan_info(container), content)

    def _receipt(self, queued: BlobMessage) -> str:
        parts = (queued.function_id, queued.etag, queued.container, queued.blob)
        return "/".join(("blobreceipts", self._host_id, *map(str, parts)))

    def _scan_info(self, container: ContainerClient) -> str:
        account, name = container.account_name, container.container_name
        return f"blobscaninfo/{self._host_id}/{account}/{name}/scanInfo"
