"""Where things are kept in the storage account: stores, blob names, run ids, a catalogue's metadata."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NewType, assert_never

from contract.telemetry import parse_traceparent

CATALOGS = "catalogs"
"""Container of the catalogues, `{store}/{name}.json` and the like."""

RUNS = "runs"
"""Container of the run records, `{store}/{run}.json`."""

LOCKS = "locks"
"""Container of what orders a store's runs: its lease and the note of its newest catalogue."""

RETRIES = "catalog-retries"
"""Queue through which runs come back later."""

StoreName = NewType("StoreName", str)
RunId = NewType("RunId", str)

UNKNOWN_STORE = StoreName("_unknown")
"""Takes the place of the store in the run record of a blob whose name doesn't contain one."""

_STORE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_CATALOG_ENDINGS = (".json.gz", ".json", ".jsonl", ".jsonl.gz")
_CATALOG_ENDING = re.compile(r"\.jsonl?(?:\.gz)?\Z", re.IGNORECASE)
_RESUME_ENDING = ".resume"
_ETAG = re.compile(r'"?[!#-~]{1,100}"?\Z')
_HARMLESS = re.compile(r"[A-Za-z0-9_-]{0,64}\Z")
_LONGEST_NAME = 1_024  # characters, Azure's limit
_MAX_NAME = 900  # Azure allows 1,024; the run record's name is longer than the catalogue's


class InvalidStoreError(ValueError):
    """The text is not a store name.

    The message is the rest of a sentence that begins with what has the name. It doesn't repeat the
    text, which may be hostile.
    """

    def __init__(self) -> None:
        super().__init__(
            "is not a store name: that has at most 63 lower-case letters, digits and hyphens, and "
            "begins with a letter or digit"
        )


def parse_store(text: str) -> StoreName:
    """Return `text` as a store's name; raises InvalidStoreError when it is not one."""
    if not _STORE.match(text):
        raise InvalidStoreError
    return StoreName(text)


@dataclass(frozen=True, slots=True)
class CatalogName:
    """The name of a catalogue's blob, in parts."""

    store: StoreName
    stem: str
    """The name without the store's folder and the ending."""


@dataclass(frozen=True, slots=True)
class ResumeName:
    """The name of a resume request's blob, in parts."""

    store: StoreName
    run: RunId
    """The run to resume."""


@dataclass(frozen=True, slots=True)
class UnusableName:
    """The name of a blob that is neither a catalogue nor a resume request."""

    blob: str
    reason: str
    """A sentence for whoever put the blob there."""


BlobName = CatalogName | ResumeName | UnusableName


def parse_name(blob: str) -> BlobName:
    """Return what a blob in the container of catalogues is, judging by its name."""
    folder, slash, rest = blob.partition("/")
    if not slash:
        return UnusableName(blob, "It is not in a store's folder.")
    try:
        store = parse_store(folder)
    except InvalidStoreError as invalid:
        return UnusableName(blob, f"Its folder {invalid}.")
    if reason := _why_unsafe(blob, rest):
        return UnusableName(blob, reason)
    run = rest.removesuffix(_RESUME_ENDING)
    if run != rest and run and not run.endswith("/"):
        return ResumeName(store, RunId(run))
    stem = _CATALOG_ENDING.sub("", rest)
    if stem == rest or not stem or stem.endswith("/"):
        return UnusableName(blob, "Its ending is not .json, .jsonl, .json.gz or .jsonl.gz.")
    return CatalogName(store, stem)


def _why_unsafe(blob: str, rest: str) -> str | None:
    if len(blob) > _MAX_NAME:
        return f"Its name is longer than {_MAX_NAME} characters."
    if any(part in {"", ".", ".."} for part in re.split(r"[/\\]", rest)) or not rest.isprintable():
        return "Its name has empty or unprintable parts."
    return None


def run_of(name: BlobName, etag: str) -> tuple[StoreName, RunId]:
    """Return the store and the run that a version of a blob belongs to.

    Each version of a catalogue has its own run. The run of an unusable name belongs to UNKNOWN_STORE;
    its id is safe in a path and different for each name.
    """
    match name:
        case CatalogName(store, stem):
            return store, RunId(f"{stem}.{_version(etag)}")
        case ResumeName(store, run):
            return store, run
        case UnusableName(blob):
            harmless = re.sub(r"[^A-Za-z0-9._-]+", "-", blob).strip(".-")[-80:]
            digest = hashlib.sha256(blob.encode("utf-8", "replace")).hexdigest()[:8]
            return UNKNOWN_STORE, RunId(f"{harmless}-{digest}.{_version(etag)}")
        case _:
            assert_never(name)


def catalog_names(store: StoreName, run: RunId) -> tuple[str, ...]:
    """Return the names that the catalogue of a run may have, spelt as the agent and most people do."""
    stem = run.rpartition(".")[0]
    return tuple(f"{store}/{stem}{ending}" for ending in _CATALOG_ENDINGS) if stem else ()


def _version(etag: str) -> str:
    """Return the part of an ETag that a run's id contains: `"0x8DC12"` → `8DC12`.

    An ETag that would not be harmless in a blob's name has a digest in its place.
    """
    version = etag.strip('"').removeprefix("0x")
    if _HARMLESS.match(version):
        return version
    return hashlib.sha256(etag.encode("utf-8", "replace")).hexdigest()[:16]


def parse_etag(text: str) -> str:
    """Return an ETag as HTTP writes it: listings leave the quotes out, conditions need them.

    Raises ValueError if the text, which may come from anybody, is not an ETag (RFC 9110, 8.8.3).
    """
    if not _ETAG.match(text):
        raise ValueError("not an ETag")
    return '"' + text.strip('"') + '"'


def parse_blob(text: object) -> str:
    """Return a blob's name, which may come from anybody; raises ValueError if no blob can have it."""
    name = text if isinstance(text, str) else ""
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError("not a blob's name")
    name.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, a ValueError
    return name


def run_record_name(store: StoreName, run: RunId) -> str:
    """Return the name of a run's record in its container."""
    return f"{store}/{run}.json"


def resume_name(store: StoreName, run: RunId) -> str:
    """Return the name of the empty blob, among the catalogues, that asks for a run to be resumed."""
    return f"{store}/{run}{_RESUME_ENDING}"


def new_catalog_name(store: StoreName, now: datetime, random: str) -> str:
    """Return the name under which the agent uploads; `now` has a time zone, `random` is short."""
    return f"{store}/{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{random}.json.gz"


@dataclass(frozen=True, slots=True)
class CatalogMetadata:
    """What a blob's metadata says about its catalogue; that of one uploaded by hand says nothing."""

    rows: int | None = None
    """How many rows the catalogue has."""

    sha256: str | None = None
    """Of the blob's bytes as they are stored, in hexadecimal."""

    traceparent: str | None = None
    """W3C trace context of the agent's export."""

    ids_are_unique: bool = False
    """Whether the rows are ordered by id, as the agent's are.

    A repeated id is then an error in the shop's data, and the function rejects it.
    """

    def to_headers(self) -> dict[str, str]:
        """Return the metadata as the blob service keeps it."""
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
        """Read the metadata; what is missing or malformed counts as unknown.

        A row count alone is nobody's that wrote a catalogue: other programs write `rows`, too.
        """
        values = {key.lower(): value for key, value in headers.items()}
        sha256 = values.get("sha256", "").lower()
        rows = values.get("rows", "") if sha256 or "uniqueids" in values else ""
        return cls(
            rows=int(rows) if re.fullmatch(r"[0-9]{1,12}", rows) else None,
            sha256=sha256 if re.fullmatch(r"[0-9a-f]{64}", sha256) else None,
            traceparent=parse_traceparent(values.get("traceparent")),
            ids_are_unique=values.get("uniqueids") == "true",
        )
