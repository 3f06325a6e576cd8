"""Lists a container in the order of its blobs' names, even if one of the names can't be listed."""

import logging
from collections.abc import Iterator

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobProperties, ContainerClient

logger = logging.getLogger(__name__)


def list_all(container: ContainerClient, *include: str) -> Iterator[BlobProperties]:
    """Yield all blobs; `include` is what to say of them besides their properties.

    If one of the names can't be listed, yields those of the other folders.
    """
    last = ""
    try:
        for blob in container.list_blobs(include=list(include)):
            yield blob
            last = blob.name
    except HttpResponseError:
        for folder in container.walk_blobs(delimiter="/"):
            try:
                listed = container.list_blobs(folder.name, include=list(include))
                yield from (blob for blob in listed if blob.name > last)
            except HttpResponseError as error:
                logger.error(  # noqa: TRY400  # the SDK's traceback says nothing more
                    "the blobs in %s can't be listed: %s", folder.name, error.reason
                )
