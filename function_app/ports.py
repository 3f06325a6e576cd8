"""What the use cases need of the world, as protocols; the adapters beside this file fulfil them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from contract.blobs import CatalogMetadata, RunId, StoreName
from contract.product import Product
from contract.run import Run
from function_app.answers import Answer
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

    @property
    def age(self) -> CatalogAge:
        """What tells whether it is newer than another."""
        return CatalogAge(self.name, self.etag, self.modified)


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
class StoredNote:
    """A store's note of its newest catalogue, as it was read."""

    newest: CatalogAge | None
    """None if the note is damaged."""

    version: str
    """For `note_newest`."""


class StoreLocks(Protocol):
    """What keeps the runs of a store one after another, and in the order of their catalogues."""

    def acquire(self, store: StoreName, patience: timedelta) -> Lease | None:
        """Return the store's lease, or None if another run keeps it for longer than `patience`."""

    def newest(self, store: StoreName) -> StoredNote | None:
        """Return the store's note of its newest catalogue, or None if there is none yet."""

    def note_newest(self, store: StoreName, catalog: CatalogAge, version: str | None) -> bool:
        """Write the note over its `version` (None: there is none yet).

        Returns False if another run wrote it in between.
        """


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
