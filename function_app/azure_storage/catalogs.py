"""The container of catalogues in Azure Blob Storage."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient

from contract.blobs import CatalogMetadata, parse_etag
from function_app.azure_storage.listing import list_all
from function_app.errors import CatalogGoneError
from function_app.ports import CatalogVersion

_GONE = frozenset({404, 412})
_FORBIDDEN = frozenset({403, 409, 412})  # by an access policy, a lease, or a legal hold


class BlobCatalogs:
    """Catalogues as block blobs; implements `ports.Catalogs`."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    def current(self, name: str) -> CatalogVersion | None:
        """Return a blob's current version, or None if there is none.

        What some tools put in the place of a folder is no blob.
        """
        try:
            properties = self._container.get_blob_client(name).get_blob_properties()
        except ResourceNotFoundError:
            return None
        return None if _is_folder(properties) else _version(properties)

    def blocks(self, version: CatalogVersion) -> Iterator[bytes]:
        """Yield the bytes of exactly this version, as they are stored.

        Raises CatalogGoneError once it is gone.
        """
        blob = self._container.get_blob_client(version.name)
        try:
            # Every ranged GET carries If-Match, so two versions are never mixed. The bytes come as they
            # are stored: the client would unpack each range by itself, and without any limit, if the
            # blob's Content-Encoding says gzip.
            yield from blob.download_blob(
                etag=version.etag, match_condition=MatchConditions.IfNotModified, decompress=False
            ).chunks()
        except HttpResponseError as error:
            if error.status_code not in _GONE:
                raise
            # Azurite answers 412 for a deleted blob too.
            overwritten = self.current(version.name) is not None
            raise CatalogGoneError(overwritten=overwritten) from None

    def delete(self, name: str) -> bool:
        """Delete a blob, if it is there; return False if that is not allowed."""
        try:
            self._container.delete_blob(name)
        except ResourceNotFoundError:
            pass
        except HttpResponseError as error:
            if error.status_code not in _FORBIDDEN:
                raise
            return False
        return True

    def all(self) -> Iterator[CatalogVersion]:
        """Yield the current versions of all blobs, in the order of their names.

        If one of the names can't be listed, yields those of the other folders.
        """
        for properties in list_all(self._container, "metadata", "copy"):
            if not _is_folder(properties):
                yield _version(properties)


def _is_folder(properties: BlobProperties) -> bool:
    """Return whether a blob only stands for a folder.

    `hdi_isfolder` is what accounts with a hierarchical namespace, AzCopy and rclone write, `$folder$`
    what Hadoop does.
    """
    marks = {name.lower(): value for name, value in (properties.metadata or {}).items()}
    return (
        marks.get("hdi_isfolder", "").lower() == "true"
        or properties.name.endswith("/")
        or (properties.size == 0 and properties.name.endswith("_$folder$"))
    )


def _is_copied_onto_itself(properties: BlobProperties) -> bool:
    source = unquote(urlsplit(properties.copy.source or "").path)
    return source.endswith(f"/{properties.container}/{properties.name}")


def _version(properties: BlobProperties) -> CatalogVersion:
    return CatalogVersion(
        name=properties.name,
        etag=parse_etag(properties.etag),
        modified=properties.last_modified,
        created=properties.creation_time,
        is_copied_onto_itself=_is_copied_onto_itself(properties),
        is_archived=properties.blob_tier == "Archive",
        size=properties.size,
        metadata=CatalogMetadata.from_headers(properties.metadata or {}),
    )
