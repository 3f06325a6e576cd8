"""The queue through which runs come back."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from math import ceil

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient, QueueMessage, TextBase64EncodePolicy

from contract.blobs import parse_blob, parse_etag
from function_app.ports import RetryRequest

logger = logging.getLogger(__name__)

STANDS_BY = timedelta(minutes=2)
"""How long after its worker's death a run is taken up again, at most."""

_KEEP_EVERY = 30.0  # seconds; whatever a worker waits for in between takes less than the rest


class StorageRetryQueue:
    """Messages in an Azure Storage queue; implements `ports.RetryQueue`."""

    def __init__(self, queue: QueueClient) -> None:
        # Base64 is what the Functions host expects (host.json: extensions.queues.messageEncoding).
        self._encode = TextBase64EncodePolicy().encode
        self._queue = queue

    def put(self, request: RetryRequest, delay: timedelta) -> None:
        """Queue `request` so that it comes back after `delay`."""
        self._send(request, delay)

    @contextmanager
    def stand_by(self, request: RetryRequest) -> Iterator["QueuedStandby"]:
        """Queue `request` for the `with` block, so that it comes back within two minutes of a death there.

        Whoever leaves the block alive, by an exception too, has seen to the run: the message is deleted.
        """
        standby = QueuedStandby(self._queue, self._send(request, STANDS_BY))
        try:
            yield standby
        except Exception:
            standby.dismiss()
            raise
        standby.dismiss()

    def _send(self, request: RetryRequest, delay: timedelta) -> QueueMessage:
        return self._queue.send_message(
            self._encode(encode_request(request)), visibility_timeout=ceil(delay.total_seconds())
        )


class QueuedStandby:
    """A message that stays invisible as long as somebody puts it off; implements `ports.Standby`."""

    def __init__(self, queue: QueueClient, message: QueueMessage) -> None:
        self._queue, self._message = queue, message
        self._due = time.monotonic() + _KEEP_EVERY

    def keep(self) -> None:
        """Put the message off, if it is time for that."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _KEEP_EVERY
        try:
            self._message = self._queue.update_message(
                self._message,
                visibility_timeout=round(STANDS_BY.total_seconds()),
                timeout=5,
                retry_total=0,
            )
        except AzureError:  # it comes back while the run is worked on, and does no harm
            logger.debug("a run's message in the queue could not be put off")

    def dismiss(self) -> None:
        """Delete the message."""
        try:
            self._queue.delete_message(self._message, timeout=5, retry_total=0)
        except AzureError:
            logger.debug("a run's message in the queue could not be deleted; it does no harm")


def encode_request(request: RetryRequest) -> str:
    """Return a request as the text of a message."""
    return json.dumps(asdict(request))


def decode_request(text: str) -> RetryRequest:
    """Read a message; raises ValueError if it is not a retry request."""
    message = json.loads(text)
    try:
        catalog, etag = parse_blob(message["catalog"]), message["etag"]
        etag = None if etag is None else parse_etag(etag)
        acknowledged, due = message.get("acknowledged"), message.get("due")
        acknowledged = None if acknowledged is None else int(acknowledged)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError("not a retry request") from error
    return RetryRequest(catalog, etag, acknowledged, None if due is None else str(due))
