"""A store's lease: a blob lease that is renewed for as long as its run is worked on."""

import json
import logging
import math
import threading
import time

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import BlobClient, BlobLeaseClient

from contract.blobs import RunId
from contract.run_record import moment, stamp
from function_app.errors import LeaseLostError
from function_app.in_doubt import InDoubt

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
    """A lease that its own thread renews until it is released; implements `ports.Lease`.

    The blob's content is the note about what is in doubt.
    """

    def __init__(self, blob: BlobClient, lease: BlobLeaseClient, begun: float) -> None:
        """`begun` is the moment (monotonic seconds) before the lease was asked for."""
        self.in_doubt = read_note(blob)
        """The note that those who had the lease before left about what they sent."""

        self._blob = blob
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

    def note(self, in_doubt: InDoubt) -> None:
        """Replace that note; raises LeaseLostError if another worker has the lease by now."""
        try:
            self._write(in_doubt)
        except HttpResponseError as error:
            if error.status_code not in LEASE_CONFLICTS:
                raise
            raise LeaseLostError from None

    def release(self, in_doubt: InDoubt | None) -> None:
        """Leave a note for the store's next run, and free the store for it."""
        self._over.set()
        self._renewer.join()
        try:
            self._write(in_doubt)
            self._lease.release(timeout=5)
        except AzureError:
            logger.info("a lease could not be released; it expires on its own")

    def _write(self, in_doubt: InDoubt | None) -> None:
        if in_doubt != self.in_doubt:
            self._blob.upload_blob(_encode(in_doubt), overwrite=True, lease=self._lease)
            self.in_doubt = in_doubt

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


def read_note(blob: BlobClient) -> InDoubt | None:
    """Return the note about what is in doubt, whoever has the lease."""
    return _decode(blob.download_blob(decompress=False).readall())


def _encode(in_doubt: InDoubt | None) -> bytes:
    if in_doubt is None:
        return b""
    until = in_doubt.until and stamp(in_doubt.until)
    return json.dumps({"run": in_doubt.run, "until": until}).encode()


def _decode(data: bytes) -> InDoubt | None:
    """Return the note in a blob; a damaged one tells of nobody, and so of every run."""
    if not data:
        return None
    try:
        note = json.loads(data)
        return InDoubt(RunId(str(note["run"])), note["until"] and moment(note["until"]))
    except (ValueError, KeyError, TypeError, OverflowError):
        return InDoubt(RunId(""), None)
