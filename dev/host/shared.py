"""What the parts of one host share."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from dev.host.connections import Connections, ask
from dev.host.invoker import Invoker
from dev.host.polling import Bells
from dev.host.settings import HostSettings
from dev.host.tasks import Tasks
from dev.host.times import Times

HOST_STORAGE = "AzureWebJobsStorage"
"""The account in which hosts keep what they know."""


@dataclass(frozen=True, slots=True)
class Shared:
    """One host's own things."""

    host_id: str
    """Hosts with the same one share the work."""

    settings: HostSettings
    times: Times
    connections: Connections
    invoker: Invoker
    tasks: Tasks = field(default_factory=Tasks)
    bells: Bells = field(default_factory=Bells)

    @property
    def blob_queue(self) -> QueueClient:
        """The queue that every new blob goes through, and every event that names one."""
        name = f"azure-webjobs-blobtrigger-{self.host_id}"
        return self.connections.queues(HOST_STORAGE).get_queue_client(name)

    @property
    def notes(self) -> ContainerClient:
        """The container of receipts, leases and states."""
        return self.connections.blobs(HOST_STORAGE).get_container_client("azure-webjobs-hosts")

    async def put(self, queue: QueueClient, text: str) -> None:
        """Put a message into a queue, which is made if need be, and wake its listener."""
        await ask(put_message, queue, text)
        self.bells.ring(queue.queue_name)


def put_message(queue: QueueClient, text: str) -> None:
    """Put a message into a queue, which is made if need be."""
    _with_place(queue.create_queue, partial(queue.send_message, text))


def write_note(
    notes: ContainerClient, name: str, content: bytes, metadata: dict[str, str] | None = None
) -> None:
    """Write a blob into the container of notes, which is made if need be."""
    write = partial(notes.upload_blob, name, content, overwrite=True, metadata=metadata)
    _with_place(notes.create_container, write)


def _with_place(make_place: Callable[[], object], write: Callable[[], object]) -> None:
    try:
        write()
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):
            make_place()
        write()
