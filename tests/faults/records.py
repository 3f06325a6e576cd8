"""Every run record, each time it passes the proxy, and as storage has it at the end."""

import json
import threading
import time
from contextlib import suppress

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from contract.run import RunState
from tests.faults.catalogues import Catalogue
from tests.faults.hooks import Response, StorageRequest
from tests.faults.verdict import Observed

_COUNTS = ("read", "accepted", "rejected", "not_sent")


class Records:
    """The run records observed so far. Thread-safe."""

    def __init__(self, container: ContainerClient) -> None:
        """Take the container of run records, reached without the proxy."""
        self._container = container
        self._lock = threading.Lock()
        self._observed: list[Observed] = []
        self._state: dict[str, str] = {}

    @property
    def observed(self) -> tuple[Observed, ...]:
        """All observations, in the order in which they were made."""
        with self._lock:
            return tuple(self._observed)

    def state(self, catalogue: Catalogue) -> str | None:
        """Return the state in which a catalogue's run was last seen; None if it has no record."""
        with self._lock:
            return self._state.get(catalogue.run)

    def see(self, request: StorageRequest, response: Response) -> None:
        """Note a record that storage has just accepted from a host."""
        if request.writes_record and response.status == 201:
            self._note(request.body)

    def look(self, catalogue: Catalogue) -> None:
        """Read the stored record of a catalogue's run, unless it can't be read at the moment."""
        name = f"{catalogue.store}/{catalogue.run}.json"
        with suppress(ResourceNotFoundError, AzureError):
            self._note(self._container.download_blob(name, timeout=3).readall())

    def has_ended(self, catalogue: Catalogue) -> bool:
        """Return whether a catalogue's run was last seen in a final state."""
        state = self.state(catalogue)
        return state is not None and RunState(state).is_final

    def _note(self, data: bytes) -> None:
        try:
            record = json.loads(data)
            counts = {name: int(record["products"][name]) for name in _COUNTS}
            observed = Observed(
                time.monotonic(), record["store"], record["run"], record["state"], **counts
            )
        except (ValueError, KeyError, TypeError):
            return  # a fault has damaged it
        with self._lock:
            self._observed.append(observed)
            self._state[observed.run] = observed.state
