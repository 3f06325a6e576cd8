"""The messages that name a blob, in the form of Microsoft's blob extension."""

import base64
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BlobMessage:
    """A blob that a function is to be called for, or was called for in vain."""

    function_id: str | None
    blob_type: str
    container: str
    blob: str
    etag: str
    """With its quotes; only quotes if the event named none."""

    @property
    def text(self) -> str:
        """The message's text."""
        fields = {
            "Type": "BlobTrigger",
            "FunctionId": self.function_id,
            "BlobType": self.blob_type,
            "ContainerName": self.container,
            "BlobName": self.blob,
            "ETag": self.etag,
        }
        return base64.b64encode(json.dumps(fields, indent=2).encode()).decode("ascii")

    @classmethod
    def parse(cls, body: bytes) -> "BlobMessage | None":
        """Read a decoded message; return None if it isn't one."""
        try:
            fields = json.loads(body)
            return cls(
                fields["FunctionId"],
                str(fields["BlobType"]),
                str(fields["ContainerName"]),
                str(fields["BlobName"]),
                str(fields["ETag"]),
            )
        except (ValueError, KeyError, TypeError):
            return None


def function_id(function: str) -> str:
    """Return a function's id as it is in messages, receipts and the webhook's address."""
    return f"Host.Functions.{function}"
