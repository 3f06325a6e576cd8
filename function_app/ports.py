"""What the use cases need from the outside world, as protocols; adapters implement them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from contract.blobs import CatalogMetadata, RunId, StoreName
from contract.product import Product
from contract.run import Content, Run
from function_app.answers import Answer
from function_app.events import Event
from function_app.in_doubt import InDoubt
from function_app.ordering import CatalogAge
from function_app.token import StoredToken


@dataclass(frozen=True, slots=True)
class CatalogVersion:
    """One version of a catalogue's blob."""

    name: str
    etag: str
    modified: datetime
    """When it was completed, by the blob service's clock."""

    created: datetime
    """When the blob was created; touching its properties doesn't change that."""

    is_copied_onto_itself: bool
    """Whether the blob was last written by copying it onto itself."""

    is_archived: bool
    """Whether it is in the archive tier, in which it can't be read."""

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
        """Return a blob's current version, or None if there is none."""

    def blocks(self, version: CatalogVersion) -> Iterator[bytes]:
        """Yield the bytes of exactly this version, as they are stored.

        Raises CatalogGoneError once it is gone.
        """

    def delete(self, name: str) -> bool:
        """Delete a blob, if it is there; return False if that is not allowed."""

    def all(self) -> Iterator[CatalogVersion]:
        """Yield the current versions of all blobs, in the order of their names.

        If one of the names can't be listed, yields those of the other folders.
        """


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run record as it was read."""

    run: Run | None
    """None if the record is damaged."""

    version: str
    """For If-Match."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a listing says about a run record, without reading it."""

    run: RunId
    state: str | None
    """None if the listing doesn't say."""

    saved: datetime
    """When the record was last written, by the blob service's clock."""

    updated: datetime | None = None
    """The same by its worker's clock, as the record says; None if the listing doesn't say."""

    etag: str = ""
    """Of the version that it delivers."""

    content: Content | None = None
    """None until the catalogue has been read."""


class RunRecords(Protocol):
    """The container of run records."""

    def load(self, store: StoreName, run: RunId) -> StoredRun | None:
        """Return a run's record, or None if there is none."""

    def save(self, run: Run, version: str | None) -> str:
        """Write a record over its `version` (None: there is none yet) and return the new version.

        Raises RecordConflictError if another worker wrote it in between.
        """

    def all(self) -> Iterator[tuple[StoreName, RunSummary]]:
        """Yield a summary of every record, in the order of their names.

        If one of the names can't be listed, yields those of the other folders.
        """

    def summaries(self, store: StoreName, stem: str = "") -> Iterator[RunSummary]:
        """Yield a summary of each of a store's records.

        With `stem`, only of the runs of catalogues whose names begin with that stem.
        """


class Lease(Protocol):
    """The right to send a store's products, for as long as it is kept."""

    @property
    def in_doubt(self) -> InDoubt | None:
        """The note that those who had the lease before left about what they sent."""

    def note(self, in_doubt: InDoubt) -> None:
        """Replace that note; raises LeaseLostError if another worker has the lease by now."""

    def ensure(self) -> None:
        """Return while the lease is surely held; raises LeaseLostError if it can't be kept."""

    def sure_until(self) -> float:
        """Return until when (monotonic seconds) the lease is surely held: in the past once it is lost."""

    def release(self, in_doubt: InDoubt | None) -> None:
        """Leave a note for the store's next run, and free the store for it."""


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A store's note of its newest catalogue, as it was read."""

    newest: CatalogAge | None
    """None if the note is damaged."""

    version: str
    """For `note_newest`."""


class StoreLocks(Protocol):
    """What keeps a store's runs from overlapping, and in the order of their catalogues."""

    def acquire(self, store: StoreName) -> Lease | None:
        """Return the store's lease, or None if another worker has it."""

    def is_held(self, store: StoreName) -> bool:
        """Return whether a worker has the store's lease."""

    def sender(self, store: StoreName) -> RunId | None:
        """Return the run that the store's lease was last noted to send, or None if it sends nothing now."""

    def newest(self, store: StoreName) -> StoredNote | None:
        """Return the store's note of its newest catalogue, or None if there is none yet."""

    def note_newest(self, store: StoreName, catalog: CatalogAge, version: str | None) -> bool:
        """Write the note over its `version` (None: there is none yet).

        Returns False if another run wrote it in between.
        """


class TokenStore(Protocol):
    """Where the stores' Digible tokens are kept."""

    def token(self, store: StoreName) -> StoredToken:
        """Return the store's token; raises TokenMissingError or TokenStoreError."""


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A message that brings a run back."""

    catalog: str
    etag: str | None
    """None for whichever version the blob has by then."""

    acknowledged: int | None = None
    """How many of the run's batches were acknowledged when all invocations had failed before; None if
    that has not happened."""

    due: str | None = None
    """The `retry_at` of the waiting run's record that this message belongs to, if it belongs to one.

    Of several messages for one waiting, only the one that the record names is needed. The others would
    wait as well, each time with another one.
    """


class Standby(Protocol):
    """A message in the queue that takes a run up again if its worker dies."""

    def keep(self) -> None:
        """Put the message off, if it is time for that. A worker that lives calls this twice a minute."""


class RetryQueue(Protocol):
    """The queue through which runs come back."""

    def put(self, request: RetryRequest, delay: timedelta) -> None:
        """Queue `request` so that it comes back after `delay`."""

    def stand_by(self, request: RetryRequest) -> AbstractContextManager[Standby]:
        """Queue `request` for the `with` block, so that it comes back within two minutes of a death there.

        Whoever leaves the block alive, by an exception too, has seen to the run: the message is deleted.
        """


class Digible(Protocol):
    """Connections to Digible's API."""

    def send(
        self, products: Sequence[Product], token: StoredToken, send_by: Callable[[], float]
    ) -> Answer:
        """Post products once; never raises for anything that a server or a network does.

        None of the request is sent after the moment (monotonic seconds) that `send_by` returns.
        """


class Telemetry(Protocol):
    """What people watch runs by. Nothing that goes wrong in it is raised."""

    def attempt(self, run: Run) -> AbstractContextManager[None]:
        """Make what happens in a `with` block part of the run's operation."""

    def report(self, event: Event, run: Run | None = None) -> None:
        """Send an event, as part of the run's operation if it is about a run."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, which tests replace."""

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
    connect: Callable[[], AbstractContextManager[Digible]]
    """Keeps connections to Digible during a `with` block, which no other block shares."""

    telemetry: Telemetry
    clock: Clock
