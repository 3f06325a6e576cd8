"""A blob as its trigger passes it to the function: value and metadata."""

import json

from azure.storage.blob import BlobProperties

from dev.host.messages import Message, TypedData
from dev.host.triggers import BlobTrigger


def blob_value(
    trigger: BlobTrigger, blob: str, content: bytes | None, container: str | None = None
) -> TypedData:
    """Return what the function's parameter is bound to: the content or, without it, a client.

    An event may name a blob of another container than the trigger's.
    """
    if content is not None:
        return TypedData(bytes=content)
    return _client_binding(trigger, blob, container or trigger.path.container)


def blob_metadata(
    trigger: BlobTrigger, properties: BlobProperties, url: str, container: str
) -> dict[str, TypedData]:
    """Return the trigger's metadata under the names that Azure uses, and the path's parameters."""
    names = trigger.path.match(properties.name) or {}
    return {name: TypedData(string=text) for name, text in names.items()} | {
        "BlobTrigger": TypedData(string=f"{container}/{properties.name}"),
        "Uri": _json(url),
        "Properties": _json(_properties(properties)),
        "Metadata": _json(properties.metadata),
    }


def _client_binding(trigger: BlobTrigger, blob: str, container: str) -> TypedData:
    content = {
        "Connection": trigger.connection,
        "ContainerName": container,
        "BlobName": blob,
    }
    return TypedData(
        model_binding_data=Message(
            version="1.0",
            source="AzureStorageBlobs",
            content_type="application/json",
            content=json.dumps(content).encode("utf-8"),
        )
    )


def _properties(properties: BlobProperties) -> dict[str, object]:
    return {
        "ETag": properties.etag,
        "LastModified": properties.last_modified.isoformat(),
        "CreatedOn": properties.creation_time.isoformat(),
        "ContentLength": properties.size,
        "ContentType": properties.content_settings.content_type,
        "ContentEncoding": properties.content_settings.content_encoding,
        "BlobType": 0,
        "Metadata": properties.metadata,
    }


def _json(value: object) -> TypedData:
    return TypedData(json=json.dumps(value))
