"""The connection to the storage account: signs in, tries again for a while, explains what fails."""

import logging
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient, StorageErrorCode

from agent.errors import SignInError, StorageError, StorageUnavailableError
from agent.following import Clock
from agent.sign_in import credential_for
from agent.storage.address import StorageAccount, StorageConnection, StorageSignIn
from agent.storage.messages import Account, Task, explained

logger = logging.getLogger(__name__)

MAX_RECORD = 8 << 20
"""Bytes of a run record that are read: one with every rejection it can list has about 3 MB."""

_CONNECT_SECONDS, _ANSWER_SECONDS = 8, 15
_PATIENCE = 20.0
"""Seconds during which a call is retried after trouble that may pass."""

_PAUSES = (0.5, 1.0, 2.0, 4.0)

_ALREADY_THERE = (
    StorageErrorCode.BLOB_ALREADY_EXISTS,
    StorageErrorCode.CONDITION_NOT_MET,
    StorageErrorCode.UNAUTHORIZED_BLOB_OVERWRITE,
)

T = TypeVar("T")


class AlreadyThereError(StorageError):
    """A blob of that name exists: no trouble of the account's, so the caller may know better."""


def connect(sign_in: StorageSignIn) -> BlobServiceClient:
    """Return a client for the account; nothing is sent yet.

    Raises StorageError for a malformed address, SignInError for an unusable certificate.
    """
    try:
        match sign_in:
            case StorageConnection(text):
                return BlobServiceClient.from_connection_string(text, **_options())
            case StorageAccount(url, sign_in=way) if way is not None:
                return BlobServiceClient(url, credential_for(way), **_options())
            case StorageAccount(url, None):
                return BlobServiceClient(
                    url, **_options()
                )  # settings don't allow it: a refusal says so
            case StorageAccount(url, sas):
                return BlobServiceClient(f"{url}?{sas}", **_options())
    except ValueError as error:
        raise StorageError(
            "The storage account's address or connection string in the settings is malformed.",
            "Copy all of it into the settings again.",
        ) from error


def _options() -> dict[str, Any]:
    return {
        "retry_total": 0,  # `patiently` retries, limited by time instead of by number
        "connection_timeout": _CONNECT_SECONDS,
        "read_timeout": _ANSWER_SECONDS,
        "max_single_get_size": MAX_RECORD,  # what a download takes before anybody asks for more
    }


class Service:
    """A storage account, and how to get through to it."""

    def __init__(self, sign_in: StorageSignIn, clock: Clock) -> None:
        """Prepare to sign in; nothing is sent yet. Raises StorageError or SignInError."""
        self.client = connect(sign_in)
        address = urlsplit(self.client.url)
        self._account = Account(address.netloc, sign_in, address.scheme)
        self._clock = clock

    @property
    def host(self) -> str:
        """The account's address, without anything secret."""
        return self._account.host

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def explained(self, error: AzureError | OSError | SignInError, task: Task) -> StorageError:
        """Return what the user reads about an error."""
        return explained(error, task, self._account)

    def patiently(self, call: Callable[[], T], task: Task) -> T:
        """Repeat `call` while its trouble may pass; raises StorageError, such as AlreadyThereError."""
        begun = self._clock.monotonic()
        for attempt in count():
            try:
                return call()
            except (AzureError, OSError, SignInError) as error:
                trouble = self.explained(error, task)
                # The class tells too little: the client has one for every 409, such as a container's end.
                if getattr(error, "error_code", None) in _ALREADY_THERE:
                    raise AlreadyThereError(trouble.cause, trouble.remedy) from error
                is_late = attempt and self._clock.monotonic() - begun >= _PATIENCE
                if is_late or not isinstance(trouble, StorageUnavailableError):
                    raise trouble from error
                logger.debug("try %d: %s", attempt + 1, trouble)
            self._clock.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
        raise AssertionError

    def date(self, task: Task) -> str | None:
        """Return the date that the account's answers bear, signed in or not; raises StorageError."""
        seen: list[str | None] = []
        url = urlsplit(self.client.url)._replace(query="").geturl()
        with BlobServiceClient(url, **_options()) as nobody:
            try:
                nobody.get_account_information(
                    raw_response_hook=lambda answer: seen.append(
                        answer.http_response.headers.get("Date")
                    )
                )
            except (AzureError, OSError) as error:
                if not seen:
                    raise self.explained(error, task) from error
        return seen[-1]
