"""Where things live in the storage account: stores, blob names, run ids, a catalogue's metadata."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NewType

CATALOGS = "catalogs"
"""Container of the catalogues, `{store}/{name}.json` and the like."""

RUNS = "runs"
"""Container of the run records, `{store}/{run}.json`."""

LOCKS = "locks"
"""Container of what orders a store's runs: its lease and its newest catalogue."""

RETRIES = "catalog-retries"
"""Queue through which runs come back later."""

StoreName = NewType("StoreName", str)
RunId = NewType("RunId", str)

UNKNOWN_STORE = StoreName("_unknown")
"""Stands in run records for the store of a blob from whose name none can be read."""

STORE_RULE = "small letters, digits and hyphens, at most 63, beginning with a letter or digit"

_STORE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_CATALOG_ENDING = re.compile(r"\.jsonl?(?:\.gz)?\Z", re.IGNORECASE)
_RESUME_ENDING = ".resume"
_MAX_NAME = 900  # Azure allows 1,024; the run record's name is longer than the catalogue's


class InvalidStoreError(ValueError):
    """The text is no store name; what was given is not repeated, since it may be hostile."""

    def __init__(self) -> None:
        super().__init__(f"A store's name is {STORE_RULE}.")


class InvalidNameError(ValueError):
    """No store, or no catalogue, can be read from a blob's name; the message says why."""


def parse_store(text: str) -> StoreName:
    """Give `text` as a store's name; raises InvalidStoreError when it is none."""
    if not _STORE.match(text):
        raise InvalidStoreError
    return StoreName(text)


@dataclass(frozen=True, slots=True)
class CatalogName:
    """A catalogue's blob name, taken apart."""

    store: StoreName
    stem: str
    """The name without the store's folder and the ending."""


@dataclass(frozen=True, slots=True)
class ResumeName:
    """A resume request's blob name, taken apart."""

    store: StoreName
    run: RunId


def parse_name(blob: str) -> CatalogName | ResumeName:
    """Tell what a blob in the container of catalogues is; raises InvalidNameError if neither."""
    folder, slash, rest = blob.partition("/")
    if not slash:
        raise InvalidNameError("It is not in a store's folder.")
    try:
        store = parse_store(folder)
    except InvalidStoreError as invalid:
        raise InvalidNameError(f"Its folder is not a store. {invalid}") from None
    if len(blob) > _MAX_NAME:
        raise InvalidNameError(f"Its name is longer than {_MAX_NAME} characters.")
    if any(part in {"", ".", ".."} for part in re.split(r"[/\\]", rest)) or not rest.isprintable():
        raise InvalidNameError("Its name has empty or unprintable parts.")
    run = rest.removesuffix(_RESUME_ENDING)
    if run != rest and run and not run.endswith("/"):
        return ResumeName(store, RunId(run))
    stem = _CATALOG_ENDING.sub("", rest)
    if stem == rest or not stem or stem.endswith("/"):
        raise InvalidNameError("Its ending is none of .json, .jsonl, .json.gz and .jsonl.gz.")
    return CatalogName(store, stem)


def quoted(etag: str) -> str:
    """Give an ETag as HTTP writes it: listings leave the quotes out, conditions want them."""
    return '"' + etag.strip('"') + '"'


def version(etag: str) -> str:
    """Give the part of an ETag that stands in a run's id: `"0x8DC12"` → `8DC12`."""
    return etag.strip('"').removeprefix("0x")


def run_id(stem: str, etag: str) -> RunId:
    """Give the id of the run of one version of a catalogue."""
    return RunId(f"{stem}.{version(etag)}")


def unknown_run_id(blob: str, etag: str) -> RunId:
    """Give a run id for a blob with an unusable name: harmless as a path, different for each name."""
    harmless = re.sub(r"[^A-Za-z0-9._-]+", "-", blob).strip(".-")[-80:]
    digest = hashlib.sha256(blob.encode("utf-8", "replace")).hexdigest()[:8]
    return RunId(f"{harmless}-{digest}.{version(etag)}")


def run_record_name(store: StoreName, run: RunId) -> str:
    """Give the name of a run's record in its container."""
    return f"{store}/{run}.json"


def resume_name(store: StoreName, run: RunId) -> str:
    """Give the name of the empty blob, among the catalogues, that asks for a run to be resumed."""
    return f"{store}/{run}{_RESUME_ENDING}"


def new_catalog_name(store: StoreName, now: datetime, random: str) -> str:
    """Give the name under which the agent uploads; `now` has a time zone, `random` is short."""
    return f"{store}/{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{random}.json.gz"


@dataclass(frozen=True, slots=True)
class CatalogMetadata:
    """What travels with a catalogue in its blob's metadata; all None for one uploaded by hand."""

    rows: int | None = None
    """How many rows the catalogue holds."""

    sha256: str | None = None
    """Of the blob's bytes as they are stored, in hexadecimal."""

    traceparent: str | None = None
    """W3C trace context of the agent's export."""

    ids_are_unique: bool = False
    """The agent reads ordered by id: a repeated one is then an error in the shop's data, and rejected."""

    def to_headers(self) -> dict[str, str]:
        """Give the metadata as the blob service keeps it."""
        headers = {"uniqueids": "true" if self.ids_are_unique else "false"}
        if self.rows is not None:
            headers["rows"] = str(self.rows)
        if self.sha256 is not None:
            headers["sha256"] = self.sha256
        if self.traceparent is not None:
            headers["traceparent"] = self.traceparent
        return headers

    @classmethod
    def from_headers(cls, headers: dict[str, str]) -> "CatalogMetadata":
        """Read the metadata; what is missing or malformed reads as not given."""
        values = {key.lower(): value for key, value in headers.items()}
        rows = values.get("rows", "")
        sha256 = values.get("sha256", "").lower()
        return cls(
            rows=int(rows) if re.fullmatch(r"[0-9]{1,12}", rows) else None,
            sha256=sha256 if re.fullmatch(r"[0-9a-f]{64}", sha256) else None,
            traceparent=values.get("traceparent"),
            ids_are_unique=values.get("uniqueids") == "true",
        )
