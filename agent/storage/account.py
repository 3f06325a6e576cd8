"""The storage account, as the agent's use cases see it."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO

from agent.errors import StorageError
from agent.following import Clock
from agent.storage.address import StorageSignIn
from agent.storage.catalogs import Catalogs
from agent.storage.messages import Task
from agent.storage.records import Records
from agent.storage.service import Service
from contract.blobs import CATALOGS, CatalogMetadata, RunId, StoreName
from contract.run import Run

_ASKING = Task("The time can't be compared", CATALOGS, "ask for the time")


class AzureStorage:
    """A storage account: catalogues go up, run records come down."""

    def __init__(self, sign_in: StorageSignIn, clock: Clock) -> None:
        """Prepare to sign in; nothing is sent yet.

        Raises StorageError for a malformed address, SignInError for an unusable certificate.
        """
        self._service = Service(sign_in, clock)
        self._catalogs = Catalogs(self._service)
        self._records = Records(self._service)

    @property
    def host(self) -> str:
        """The account's address, without anything secret."""
        return self._service.host

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def put(
        self, name: str, catalog: IO[bytes], metadata: CatalogMetadata, sent: Callable[[int], None]
    ) -> str:
        """Upload a catalogue and return its ETag; it becomes visible when it is complete, or never.

        Raises StorageError; then nothing was uploaded, unless the message says so.
        """
        return self._catalogs.put(name, catalog, metadata, sent)

    def prove_write(self, store: StoreName) -> None:
        """Prove that the store's catalogues may be written, and leave nothing; raises StorageError."""
        self._catalogs.prove_write(store)

    def ask_to_resume(self, store: StoreName, run: RunId) -> None:
        """Ask for a run to be taken up again, whose record will say so; raises StorageError."""
        self._catalogs.ask_to_resume(store, run)

    def read(self, store: StoreName, run: RunId) -> Run | None:
        """Return a run as its record describes it now; None if there is none yet, or it is damaged.

        Raises StorageError for a record that is another run's, or too large to be one.
        """
        return self._records.read(store, run)

    def runs(self, store: StoreName, most: int) -> list[Run]:
        """Return the store's latest runs, `most` at the most, the newest first; raises StorageError."""
        return self._records.latest(store, most)

    def service_time(self) -> datetime:
        """Return what time it is for the storage account, to the second, even if it refuses the sign-in.

        Raises StorageError if it can't be reached.
        """
        date = self._service.date(_ASKING)
        try:
            return parsedate_to_datetime(date or "").astimezone(UTC)
        except ValueError:
            raise StorageError(
                f"{_ASKING.failure}: what answers doesn't tell the time, so it is no storage account.",
                "Check the account in the settings, and whether a proxy intercepts the connection.",
            ) from None
