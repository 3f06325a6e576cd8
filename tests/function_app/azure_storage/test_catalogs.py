"""The container of catalogues: the fake and the real one keep the same contract."""

import gzip
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient, ContentSettings, StandardBlobTier

from contract.blobs import CATALOGS, CatalogMetadata
from contract.telemetry import new_traceparent
from function_app.azure_storage.catalogs import BlobCatalogs
from function_app.errors import CatalogGoneError
from function_app.ports import Catalogs, CatalogVersion
from tests.function_app.fake_storage import FakeCatalogs
from tests.function_app.fakes import FakeClock

CONTENT = bytes(range(256)) * 200
METADATA = CatalogMetadata(
    rows=3, sha256="0" * 64, traceparent=new_traceparent(), ids_are_unique=True
)


@dataclass(frozen=True, slots=True)
class Case:
    """A container, and how a test writes to it."""

    catalogs: Catalogs
    put: Callable[[str, bytes, CatalogMetadata], object]
    store: str

    def write(
        self, name: str = "a.json", content: bytes = CONTENT, metadata: CatalogMetadata = METADATA
    ) -> CatalogVersion:
        self.put(f"{self.store}/{name}", content, metadata)
        version = self.catalogs.current(f"{self.store}/{name}")
        assert version is not None
        return version


@pytest.fixture
def container(storage: str) -> ContainerClient:
    """The real container, read in small chunks."""
    service = BlobServiceClient.from_connection_string(
        storage, max_single_get_size=1_024, max_chunk_get_size=1_024
    )
    return service.get_container_client(CATALOGS)


@pytest.fixture(params=["fake", "real"])
def case(request: pytest.FixtureRequest) -> Case:
    store = f"s{uuid4().hex[:12]}"
    if request.param == "fake":
        fake = FakeCatalogs(FakeClock())
        return Case(fake, fake.put, store)
    container: ContainerClient = request.getfixturevalue("container")

    def put(name: str, content: bytes, metadata: CatalogMetadata) -> None:
        container.upload_blob(name, content, metadata=metadata.to_headers(), overwrite=True)

    return Case(BlobCatalogs(container), put, store)


def test_a_missing_blob_has_no_version(case: Case) -> None:
    assert case.catalogs.current(f"{case.store}/a.json") is None


def test_a_version_describes_its_blob(case: Case) -> None:
    version = case.write()
    assert (version.name, version.size) == (f"{case.store}/a.json", len(CONTENT))
    assert version.metadata == METADATA
    assert version.modified.utcoffset() == timedelta(0)
    assert version.etag.startswith('"0x')
    assert version.etag.endswith('"')


def test_every_write_creates_a_new_version(case: Case) -> None:
    first, second = case.write(), case.write()
    assert first.etag != second.etag
    assert first.modified <= second.modified


@pytest.mark.parametrize("content", [CONTENT, b"x", b""], ids=len)
def test_a_version_is_read_whole(case: Case, content: bytes) -> None:
    assert b"".join(case.catalogs.blocks(case.write(content=content))) == content


def lines(count: int) -> bytes:
    return b"".join(
        b'{"ProductID":"%d","ProductName":"%s","SellPrice":"1.50"}\n'
        % (n, secrets.token_hex(20).encode())
        for n in range(count)
    )


def flushed(text: bytes) -> bytes:
    """Gzip flushed after every line, as logging libraries write it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    packed = [
        packer.compress(line) + packer.flush(zlib.Z_SYNC_FLUSH) for line in text.splitlines(True)
    ]
    return b"".join([*packed, packer.flush()])


TEXT = lines(400)


@pytest.mark.parametrize(
    "stored",
    [
        TEXT,
        gzip.compress(TEXT),
        flushed(TEXT),
        b"".join(gzip.compress(line) for line in TEXT.splitlines(True)),
        gzip.compress(TEXT)[:-9],
        gzip.compress(bytes(1 << 24)),
    ],
    ids=["plain", "gzip", "flushed", "members", "cut off", "bomb"],
)
@pytest.mark.parametrize(
    "encoding", ["gzip", "GZIP", "x-gzip", "deflate", "br", "gzip, gzip", "", "utf-8"]
)
def test_the_stored_bytes_are_read_whatever_the_headers_say(
    container: ContainerClient, stored: bytes, encoding: str
) -> None:
    name = f"s{uuid4().hex[:12]}/a.json"
    headers = ContentSettings(content_encoding=encoding, content_type="text/html; charset=utf-16")
    container.upload_blob(name, stored, content_settings=headers)
    catalogs = BlobCatalogs(container)
    version = catalogs.current(name)
    assert version is not None
    assert b"".join(catalogs.blocks(version)) == stored


def test_an_overwritten_version_cannot_be_read(case: Case) -> None:
    version = case.write()
    case.write()
    with pytest.raises(CatalogGoneError) as gone:
        list(case.catalogs.blocks(version))
    assert gone.value.overwritten


def test_a_deleted_version_cannot_be_read(case: Case) -> None:
    version = case.write()
    case.catalogs.delete(version.name)
    with pytest.raises(CatalogGoneError) as gone:
        list(case.catalogs.blocks(version))
    assert not gone.value.overwritten


@pytest.mark.parametrize("overwritten", [True, False])
def test_two_versions_are_never_mixed(case: Case, *, overwritten: bool) -> None:
    version = case.write()
    blocks = case.catalogs.blocks(version)
    assert CONTENT.startswith(next(blocks))
    if overwritten:
        case.write(content=bytes(len(CONTENT)))
    else:
        case.catalogs.delete(version.name)
    with pytest.raises(CatalogGoneError) as gone:
        list(blocks)
    assert gone.value.overwritten is overwritten


def test_a_deleted_blob_is_gone_and_may_be_deleted_again(case: Case) -> None:
    version = case.write()
    case.catalogs.delete(version.name)
    case.catalogs.delete(version.name)
    assert case.catalogs.current(version.name) is None


def test_all_blobs_are_listed_in_the_order_of_their_names(case: Case) -> None:
    versions = [case.write(name) for name in ("b.json", "a/z.json", "a.resume", "ü b.json")]
    listed = [
        version for version in case.catalogs.all() if version.name.startswith(f"{case.store}/")
    ]
    assert listed == sorted(versions, key=lambda version: version.name)


@pytest.mark.parametrize(
    ("name", "metadata"),
    [
        ("folder", {"hdi_isfolder": "true"}),
        ("Folder", {"Hdi_isfolder": "True"}),
        ("folder/", {}),
        ("folder_$folder$", {}),
    ],
)
def test_what_only_stands_for_a_folder_is_no_blob(
    container: ContainerClient, name: str, metadata: dict[str, str]
) -> None:
    full = f"s{uuid4().hex[:12]}/{name}"
    container.upload_blob(full, b"", metadata=metadata)
    catalogs = BlobCatalogs(container)
    assert catalogs.current(full) is None
    assert full not in {version.name for version in catalogs.all()}


def test_a_blob_in_the_archive_is_known_by_that(container: ContainerClient) -> None:
    blob = container.get_blob_client(f"s{uuid4().hex[:12]}/a.json")
    blob.upload_blob(b"[]")
    catalogs = BlobCatalogs(container)
    for is_archived in (False, True):
        version = catalogs.current(blob.blob_name)
        assert version is not None
        assert version.is_archived is is_archived
        assert version in catalogs.all()
        blob.set_standard_blob_tier(StandardBlobTier.ARCHIVE)


def test_a_blob_that_may_not_be_deleted_stays(container: ContainerClient) -> None:
    blob = container.get_blob_client(f"s{uuid4().hex[:12]}/a.resume")
    blob.upload_blob(b"")
    lease = blob.acquire_lease()
    assert not BlobCatalogs(container).delete(blob.blob_name)
    lease.release()
    assert BlobCatalogs(container).delete(blob.blob_name)
    assert not blob.exists()


@pytest.mark.parametrize("bad", ["\x01", "\x00", "\x1b[31m", "\ufffe"])
def test_a_name_that_cannot_be_listed_hides_only_its_own_folder(
    storage: str, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    service = BlobServiceClient.from_connection_string(storage, retry_total=0)
    with service, service.create_container(f"c{uuid4().hex[:12]}") as own:
        for name in ("0001/a.json", f"0002/a{bad}.json", "0003/a.json", "0003/b.json"):
            own.upload_blob(name, b"[]")
        listed = [version.name for version in BlobCatalogs(own).all()]
        own.delete_container()
    assert listed == ["0001/a.json", "0003/a.json", "0003/b.json"]
    assert "the blobs in 0002/ can't be listed" in caplog.text


def test_touching_a_blob_changes_its_version_but_not_its_creation(
    container: ContainerClient,
) -> None:
    name, catalogs = f"s{uuid4().hex[:12]}/ü b+%41.json", BlobCatalogs(container)
    blob = container.get_blob_client(name)
    blob.upload_blob(CONTENT)
    first = catalogs.current(name)
    assert first is not None
    time.sleep(1.1)  # the service's clock shows seconds
    for touch in (
        lambda: blob.set_blob_metadata({"note": "old"}),
        lambda: blob.set_http_headers(ContentSettings(content_type="application/json")),
    ):
        touch()
        touched = catalogs.current(name)
        assert touched is not None
        assert touched.etag != first.etag
        assert touched.created == first.created < touched.modified
        assert not touched.is_copied_onto_itself


def test_a_blob_copied_onto_itself_is_known_by_that_and_one_uploaded_again_is_created_anew(
    container: ContainerClient,
) -> None:
    name, catalogs = f"s{uuid4().hex[:12]}/ü b+%41.json", BlobCatalogs(container)
    blob = container.get_blob_client(name)
    blob.upload_blob(CONTENT)
    first = catalogs.current(name)
    time.sleep(1.1)
    blob.start_copy_from_url(blob.url)
    copied = catalogs.current(name)
    (listed,) = (each for each in catalogs.all() if each.name == name)
    container.get_blob_client(f"{name}.json").start_copy_from_url(blob.url)
    elsewhere = catalogs.current(f"{name}.json")
    blob.upload_blob(CONTENT, overwrite=True)
    again = catalogs.current(name)
    assert first is not None
    assert copied is not None
    assert elsewhere is not None
    assert again is not None
    assert copied.is_copied_onto_itself
    assert listed == copied
    assert not elsewhere.is_copied_onto_itself
    assert not again.is_copied_onto_itself
    assert again.created > first.created
