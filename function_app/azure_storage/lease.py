"""A store's lease: a blob lease that is renewed for as long as its run is worked on."""

import logging
import math
import threading
import time

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import BlobLeaseClient

from function_app.errors import LeaseLostError

logger = logging.getLogger(__name__)

LEASE_SECONDS = 15
"""The shortest that Azure grants: after a worker's death its store is free again within this time."""

LEASE_CONFLICTS = frozenset({409, 412})
"""HTTP status codes with which Azure says that the lease is another's."""

_RENEW_EVERY = 4.0
_FRESH_FOR = 8.0  # seconds after a renewal during which no other is needed
_SURE_FOR = 10.0  # seconds after a renewal during which products may be sent; the rest is Digible's
_REGAIN_FOR = 30.0  # seconds of trying to renew before the lease counts as lost
_POLL = 0.3


class BlobLease:
    """A lease that its own thread renews until it is released; implements `ports.Lease`."""

    def __init__(self, lease: BlobLeaseClient, begun: float) -> None:
        """`begun` is the moment (monotonic seconds) before the lease was asked for."""
        self._lease = lease
        self._renewed = begun
        self._lost = False
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._renewer = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._renewer.start()

    def ensure(self) -> None:
        """Return while the lease is surely held; raises LeaseLostError if it can't be kept."""
        deadline = time.monotonic() + _REGAIN_FOR
        while time.monotonic() - self._renewed > _FRESH_FOR:
            # A lease that expired while storage was away can be renewed if nobody else has taken it.
            if self._lost or time.monotonic() > deadline:
                raise LeaseLostError
            if not self._renew():
                time.sleep(_POLL)
        if self._lost:
            raise LeaseLostError

    def sure_until(self) -> float:
        """Return until when (monotonic seconds) the lease is surely held: in the past once it is lost."""
        return -math.inf if self._lost else self._renewed + _SURE_FOR

    def release(self) -> None:
        """Free the store for its next run."""
        self._over.set()
        self._renewer.join()
        try:
            self._lease.release(timeout=5)
        except AzureError:
            logger.info("a lease could not be released; it expires on its own")

    def _keep(self) -> None:
        while not self._over.wait(_RENEW_EVERY):
            self._renew()

    def _renew(self) -> bool:
        with self._turn:
            begun = time.monotonic()
            try:
                self._lease.renew(timeout=5, retry_total=0)
            except HttpResponseError as error:
                self._lost = self._lost or error.status_code in LEASE_CONFLICTS
                return False
            except AzureError:
                return False
            self._renewed = begun
            return True
