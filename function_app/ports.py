"""What the use cases need of the world, as protocols; the adapters beside this file fulfil them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from contract.blobs import CatalogMetadata, RunId, StoreName
from contract.product import Product
from contract.run import Run
from function_app.ordering import CatalogAge
from function_app.token import StoredToken


@dataclass(frozen=True, slots=True)
class CatalogVersion:
    """One version of a catalogue's blob."""

    name: str
    etag: str
    modified: datetime
    """When it was completed, by the blob service's clock."""

    size: int
    """Bytes as stored."""

    metadata: CatalogMetadata


class Catalogs(Protocol):
    """The container of catalogues."""

    def current(self, name: str) -> CatalogVersion | None:
        """Give a blob's current version, or None if there is none."""

    def blocks(self, version: CatalogVersion) -> Iterator[bytes]:
        """Give the bytes of exactly this version; raises CatalogGoneError once it is no longer there."""

    def delete(self, name: str) -> None:
        """Delete a blob; one that is not there is fine."""

    def all(self) -> Iterator[CatalogVersion]:
        """Give the current versions of all blobs, in the order of their names."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run record as it was read."""

    run: Run | None
    """None if the record is damaged."""

    version: str
    """For If-Match."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a listing tells of a run record, without reading it."""

    run: RunId
    state: str | None
    """None if the listing doesn't tell."""

    saved: datetime


class RunRecords(Protocol):
    """The container of run records."""

    def load(self, store: StoreName, run: RunId) -> StoredRun | None:
        """Give a run's record, or None if there is none."""

    def save(self, run: Run, version: str | None) -> str:
        """Write a record over its `version` (None: there is none yet) and give the new version.

        Raises RecordConflictError if another worker wrote it in between.
        """

    def stores(self) -> Iterator[StoreName]:
        """Give the stores that have records."""

    def summaries(self, store: StoreName) -> Iterator[RunSummary]:
        """Give a store's records, as a listing tells of them."""


class Lease(Protocol):
    """The right to send a store's products, for as long as it is kept."""

    def ensure(self) -> float:
        """Give until when (monotonic seconds) the lease is surely held; raises LeaseLostError if it isn't."""

    def release(self) -> None:
        """Give the store free for the next run."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A catalogue is its store's newest good one."""

    replaced: CatalogAge | None
    """Which one was until now, if that was another."""


class StoreLocks(Protocol):
    """What keeps the runs of a store one after another, and in the order of their catalogues."""

    def acquire(self, store: StoreName, patience: timedelta) -> Lease | None:
        """Give the store's lease, or None if another run keeps it for longer than `patience`."""

    def claim_newest(
        self, store: StoreName, catalog: CatalogVersion, still_current: Callable[[], bool]
    ) -> Claim | None:
        """Note `catalog` as the store's newest good one; None if there is a newer one.

        `still_current` tells whether its version is (still) the one under its name.
        """

    def is_newest(self, store: StoreName, catalog: CatalogVersion) -> bool:
        """Tell whether no newer good catalogue has come since `catalog` was claimed."""


class TokenStore(Protocol):
    """Where the stores' Digible tokens are kept."""

    def token(self, store: StoreName) -> StoredToken:
        """Give the store's token; raises TokenMissingError or TokenStoreError."""


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A message that brings a run back."""

    catalog: str
    etag: str
    acknowledged: int = 0
    """How many of the run's batches were acknowledged already when it had been given up before."""


class RetryQueue(Protocol):
    """The queue through which runs come back."""

    def put(self, request: RetryRequest, delay: timedelta) -> None:
        """Have `request` come back after `delay`."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Digible has taken the products."""

    message: str | None = None
    """Digible's words, if it gave any."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Digible won't take the products, now or later."""

    detail: str
    http_status: int
    about_products: bool
    """Whether another choice of products may be accepted."""


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """Digible doesn't accept the token."""

    detail: str
    http_status: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Digible answered 200 with something that is not JSON."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Digible could not be reached, or asks to come back later."""

    detail: str
    http_status: int | None = None
    retry_after: float | None = None
    """Seconds."""


Answer = Accepted | Refused | TokenRefused | Unreadable | Unavailable

SendProducts = Callable[[Sequence[Product], StoredToken, float], Answer]
"""Posts products to Digible once; never raises for what a server or a network may do.

The third is the moment (monotonic seconds) after which not one byte more of the request may go out.
"""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, so that tests need not wait for it."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    """From 0 to 1."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything the use cases use."""

    catalogs: Catalogs
    records: RunRecords
    locks: StoreLocks
    tokens: TokenStore
    queue: RetryQueue
    send: SendProducts
    clock: Clock
