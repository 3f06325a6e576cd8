"""One run of a store at a time, in the order of its catalogues: a blob lease and a note of the newest."""

import json
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobClient, BlobLeaseClient, ContainerClient

from contract.blobs import StoreName
from function_app.errors import LeaseLostError
from function_app.ordering import CatalogAge
from function_app.ports import CatalogVersion, Claim, Lease

logger = logging.getLogger(__name__)

LEASE_SECONDS = 15
"""The shortest that Azure gives: what a dead worker holds is free again after so long."""

_RENEW_EVERY = 4.0
_FRESH_FOR = 8.0  # seconds after a renewal in which no other is needed
_SURE_FOR = 10.0  # seconds after a renewal in which products may go out; the rest is Digible's, to take them
_REGAIN_FOR = 30.0  # seconds of trying to renew before the lease counts as lost
_POLL = 0.3
_CONFLICTS = frozenset({409, 412})


class BlobStoreLocks:
    """Leases and notes as small blobs; fulfils `ports.StoreLocks`."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    def acquire(self, store: StoreName, patience: timedelta) -> Lease | None:
        """Give the store's lease, or None if another run keeps it for longer than `patience`."""
        blob = self._container.get_blob_client(f"{store}.lease")
        deadline = time.monotonic() + patience.total_seconds()
        while True:
            begun = time.monotonic()
            try:
                return BlobLease(blob.acquire_lease(LEASE_SECONDS), begun)
            except ResourceNotFoundError:
                _create(blob)
                continue
            except HttpResponseError as error:
                if error.status_code not in _CONFLICTS:
                    raise
            if time.monotonic() >= deadline:
                return None
            time.sleep(_POLL)

    def claim_newest(
        self, store: StoreName, catalog: CatalogVersion, still_current: Callable[[], bool]
    ) -> Claim | None:
        """Note `catalog` as the store's newest good one; None if there is a newer one.

        `still_current` tells whether its version is (still) the one under its name.
        """
        blob = self._container.get_blob_client(f"{store}.newest")
        mine = CatalogAge(catalog.name, catalog.etag, catalog.modified)
        while True:
            newest, version = _noted(blob)
            if newest == mine:
                return Claim(replaced=None)
            if newest is not None and not _replaces(mine, newest, still_current):
                return None
            if _written(blob, mine, version):
                return Claim(replaced=newest)

    def is_newest(self, store: StoreName, catalog: CatalogVersion) -> bool:
        """Tell whether no newer good catalogue has come since `catalog` was claimed."""
        newest, _ = _noted(self._container.get_blob_client(f"{store}.newest"))
        # Only a newer one can have taken the claimed one's place.
        return newest is None or (newest.name, newest.etag) == (catalog.name, catalog.etag)


class BlobLease:
    """A lease that a thread of its own renews until it is released; fulfils `ports.Lease`."""

    def __init__(self, lease: BlobLeaseClient, begun: float) -> None:
        self._lease = lease
        self._renewed = begun
        self._lost = False
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._renewer = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._renewer.start()

    def ensure(self) -> float:
        """Give until when (monotonic seconds) the lease is surely held; raises LeaseLostError if it isn't."""
        deadline = time.monotonic() + _REGAIN_FOR
        while time.monotonic() - self._renewed > _FRESH_FOR:
            # One that ran out while storage was away can be renewed, if nobody else has had it.
            if self._lost or time.monotonic() > deadline:
                raise LeaseLostError
            if not self._renew():
                time.sleep(_POLL)
        if self._lost:
            raise LeaseLostError
        return self._renewed + _SURE_FOR

    def release(self) -> None:
        """Give the store free for the next run."""
        self._over.set()
        self._renewer.join()
        try:
            self._lease.release(timeout=5)
        except AzureError:
            logger.info("a lease could not be released; it runs out by itself")

    def _keep(self) -> None:
        while not self._over.wait(_RENEW_EVERY):
            self._renew()

    def _renew(self) -> bool:
        with self._turn:
            begun = time.monotonic()
            try:
                self._lease.renew(timeout=5, retry_total=0)
            except HttpResponseError as error:
                self._lost = self._lost or error.status_code in _CONFLICTS
                return False
            except AzureError:
                return False
            self._renewed = begun
            return True


def _replaces(mine: CatalogAge, newest: CatalogAge, still_current: Callable[[], bool]) -> bool:
    follows = mine.follows(newest)
    if follows is not None:
        return follows
    if mine.name == newest.name:
        # Both were there in the same second, one over the other: what is there now came last.
        return still_current()
    return mine.name > newest.name


def _create(blob: BlobClient) -> None:
    try:
        blob.upload_blob(b"", overwrite=False)
    except (ResourceExistsError, ResourceModifiedError):
        logger.debug("another worker created the lease's blob first")


def _noted(blob: BlobClient) -> tuple[CatalogAge | None, str | None]:
    """Read the note of the newest catalogue (None: a damaged one) and its version (None: none)."""
    try:
        stream = blob.download_blob()
    except ResourceNotFoundError:
        return None, None
    version = str(stream.properties.etag)
    try:
        note = json.loads(stream.readall())
        modified = datetime.fromisoformat(note["modified"]).astimezone(UTC)
        return CatalogAge(str(note["catalog"]), str(note["etag"]), modified), version
    except (ValueError, KeyError, TypeError, OverflowError):
        return None, version


def _written(blob: BlobClient, age: CatalogAge, version: str | None) -> bool:
    """Write the note over its `version`; False if another run wrote one in between."""
    data = _encode(age)
    try:
        if version is None:
            blob.upload_blob(data, overwrite=False)
        else:
            condition = MatchConditions.IfNotModified
            blob.upload_blob(data, overwrite=True, etag=version, match_condition=condition)
    except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
        return False
    return True


def _encode(age: CatalogAge) -> bytes:
    note = {"catalog": age.name, "etag": age.etag, "modified": age.modified.isoformat()}
    return json.dumps(note).encode()
