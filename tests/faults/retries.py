"""What waits in `catalog-retries`: where no moment was promised, its time is scaled as the host's is."""

import math
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient

from contract.blobs import RETRIES
from tests.faults.hooks import Response, StorageRequest

FACTOR = 0.2
"""What all of Azure's times are multiplied by.

The shortest lease that storage grants is 15 s, here as in Azure. A run's own message must come after it,
as it does there: it is due 90 to 120 s after a death.
"""

STANDS_BY = 120
"""For how many seconds a worker puts off the message of its own run."""

_LONG = 60  # seconds; shorter waits are left as they are
_IN_RESPONSE = re.compile(
    rb"<MessageId>(.*?)</MessageId>.*<PopReceipt>(.*?)</PopReceipt>", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class _Standby:
    receipt: str
    due: float


class Retries:
    """The messages that one host's workers have put into the queue. Thread-safe.

    A run's own message is put off by its worker as long as that lives. So its time goes on as in Azure
    until the worker is dead, and only what is left by then is made shorter.
    """

    def __init__(self, queue: QueueClient) -> None:
        """Take the queue, reached without the proxy."""
        self.saved = 0.0
        """By how many seconds, at most, a message came earlier than in Azure after the last death."""

        self._queue = queue
        self._standbys: dict[str, _Standby] = {}
        self._lock = threading.Lock()

    def see(self, request: StorageRequest, response: Response) -> None:
        """Note what a worker did to a message."""
        queue, _, message = request.path.partition("/messages")
        message = message.strip("/")
        if queue != RETRIES or response.status >= 300:
            return
        if request.method == "POST":
            self._sent(request, response)
        elif request.method == "DELETE":
            with self._lock:
                self._standbys.pop(message, None)
        elif request.method == "PUT" and message in self._standbys:
            self._note(message, response.header("x-ms-popreceipt"))

    def hasten(self) -> None:
        """Shorten what is left of the wait for the messages of dead workers; call it once they are dead."""
        with self._lock:
            left, self._standbys = self._standbys, {}
        self.saved = 0.0
        for message, standby in left.items():
            seconds = max(0.0, standby.due - time.monotonic())
            self.saved = max(self.saved, seconds * (1 - FACTOR))
            self._shorten(message, standby.receipt, seconds)

    def _sent(self, request: StorageRequest, response: Response) -> None:
        found = _IN_RESPONSE.search(response.head)
        if found is None or request.message.get("due") is not None:
            return
        message, receipt = found[1].decode(), found[2].decode()
        seconds = int(request.query.get("visibilitytimeout", "0"))
        if seconds == STANDS_BY:
            self._note(message, receipt)
        elif seconds >= _LONG:
            self._shorten(message, receipt, seconds)

    def _note(self, message: str, receipt: str) -> None:
        with self._lock:
            due = time.monotonic() + STANDS_BY
            self._standbys[message] = _Standby(receipt, due)

    def _shorten(self, message: str, receipt: str, seconds: float) -> None:
        with suppress(AzureError):  # it has come back, or is gone
            self._queue.update_message(
                message, receipt, visibility_timeout=math.ceil(seconds * FACTOR)
            )
