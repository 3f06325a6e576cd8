"""The queue through which runs come back."""

import json
from dataclasses import asdict
from datetime import timedelta

from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from contract.blobs import parse_etag
from function_app.ports import RetryRequest


class StorageRetryQueue:
    """Messages in an Azure Storage queue; implements `ports.RetryQueue`."""

    def __init__(self, queue: QueueClient) -> None:
        # Base64 is what the Functions host expects (host.json: extensions.queues.messageEncoding).
        self._encode = TextBase64EncodePolicy().encode
        self._queue = queue

    def put(self, request: RetryRequest, delay: timedelta) -> None:
        """Queue `request` so that it comes back after `delay`."""
        self._queue.send_message(
            self._encode(encode_request(request)), visibility_timeout=round(delay.total_seconds())
        )


def encode_request(request: RetryRequest) -> str:
    """Return a request as the text of a message."""
    return json.dumps(asdict(request))


def decode_request(text: str) -> RetryRequest:
    """Read a message; raises ValueError if it is not a retry request."""
    message = json.loads(text)
    try:
        catalog, etag = str(message["catalog"]), message["etag"]
        etag = None if etag is None else parse_etag(etag)
        acknowledged, due = int(message.get("acknowledged", 0)), message.get("due")
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError("not a retry request") from error
    return RetryRequest(catalog, etag, acknowledged, None if due is None else str(due))
