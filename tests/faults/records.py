"""Every version of every run record: those that pass the proxy, and what storage holds in the end."""

import json
import threading
import time
from contextlib import suppress

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from contract.run import RunState
from tests.faults.catalogues import Catalogue
from tests.faults.hooks import StorageRequest
from tests.faults.verdict import Observed

_COUNTS = ("read", "accepted", "rejected", "not_sent")


class Records:
    """What was observed so far. Safe across threads."""

    def __init__(self, container: ContainerClient) -> None:
        """Take the container of run records, as it is reached without the proxy."""
        self._container = container
        self._lock = threading.Lock()
        self._observed: list[Observed] = []
        self._state: dict[str, str] = {}

    @property
    def observed(self) -> tuple[Observed, ...]:
        """All versions, in the order in which they were seen."""
        with self._lock:
            return tuple(self._observed)

    def state(self, catalogue: Catalogue) -> str | None:
        """Give the state of a catalogue's run as it was last seen; None: it has no record."""
        with self._lock:
            return self._state.get(catalogue.run)

    def see(self, request: StorageRequest, status: int) -> None:
        """Take note of a record that storage has just taken from a host."""
        if request.writes_record and status == 201:
            self._note(request.body)

    def look(self, catalogue: Catalogue) -> None:
        """Read the record of a catalogue's run where it lies, unless it can't be read just now."""
        name = f"{catalogue.store}/{catalogue.run}.json"
        with suppress(ResourceNotFoundError, AzureError):
            self._note(self._container.download_blob(name, timeout=3).readall())

    def has_ended(self, catalogue: Catalogue) -> bool:
        """Tell whether a catalogue's run was last seen in a final state."""
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
            return  # one that a fault has damaged
        with self._lock:
            self._observed.append(observed)
            self._state[observed.run] = observed.state
