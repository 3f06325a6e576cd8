"""Event Grid's requests to a host, and what the blob extension makes of them."""

import json
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from dev.host.blob_messages import BlobMessage

PATH = "/runtime/webhooks/blobs"

_BLOB_TYPES = {"BlockBlob", "PageBlob", "AppendBlob"}
_ON_LOOPBACK = "127.0.0.1"


def handshake(body: str) -> str:
    """Return the answer to a subscription's validation; raise ValueError if it is none."""
    try:
        code = json.loads(body)[0]["data"]["validationCode"]
    except (LookupError, TypeError) as error:
        raise ValueError("no validation") from error
    return json.dumps({"validationResponse": code})


def messages(body: str, function_id: str | None) -> Iterator[BlobMessage]:
    """Return the message for each event, one after the other.

    Nothing of an event is checked: neither its type, nor its container, nor its account. Raise
    ValueError at the first one that can't be read; those before it are queued by then.
    """
    found = json.loads(body)
    for event in [found] if isinstance(found, dict) else found:
        try:
            data = event["data"]
            container, name = _container_and_name(data["url"])
            kind = data["blobType"]
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError("an event that is not about a blob") from error
        if kind not in _BLOB_TYPES:
            raise ValueError("an event about another kind of blob")
        yield BlobMessage(function_id, kind, container, name, f'"{data.get("eTag") or ""}"')


def _container_and_name(url: str) -> tuple[str, str]:
    address = urlsplit(url)
    path = address.path.lstrip("/")
    if address.hostname == _ON_LOOPBACK:
        path = path.partition("/")[2]  # Azurite's addresses begin with the account
    container, _, name = path.partition("/")
    return container, unquote(name)
