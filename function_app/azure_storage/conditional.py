"""Writing a blob only over the version that was read."""

from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobClient, StorageErrorCode


def write_over(blob: BlobClient, version: str | None, data: bytes, **options: Any) -> str | None:
    """Write `data` over `version` of a blob (None: there is none yet) and return the new version.

    Returns None if another worker wrote or deleted it in between. `options` are those of `upload_blob`.
    """
    if version is None:
        options["overwrite"] = False
    else:
        options |= {
            "overwrite": True,
            "etag": version,
            "match_condition": MatchConditions.IfNotModified,
        }
    try:
        return str(blob.upload_blob(data, **options)["etag"])
    except ResourceModifiedError:
        return None
    except (
        ResourceExistsError
    ) as error:  # any 409, such as that of a container that is being deleted
        if getattr(error, "error_code", None) != StorageErrorCode.BLOB_ALREADY_EXISTS:
            raise
        return None
    except ResourceNotFoundError as error:
        if getattr(error, "error_code", None) == StorageErrorCode.CONTAINER_NOT_FOUND:
            raise
        return None
