"""Whether a version of a catalogue is new, or only an earlier one whose properties were touched.

Setting a blob's metadata or properties, or copying it onto itself, gives it a new ETag and a new
Last-Modified, as if it were a new catalogue. What does not change is its bytes and, unless it is copied,
the time of its creation. A person who uploads the same file again creates the blob anew, and is obeyed.
When a storage account is moved, catalogues and run records are all created anew; a record then says that
it was written long before the blob service says so.
"""

from collections.abc import Iterable
from datetime import timedelta

from contract.blobs import parse_name, run_of
from contract.run import DELIVERED, Content
from function_app.ports import CatalogVersion, RunSummary

_MOVED = timedelta(minutes=10)
"""How much later than its worker says a record must have been written to have been moved.

Far more than clocks differ, and less than moving an account takes.
"""


def earlier_runs(
    version: CatalogVersion, sha256: str, runs: Iterable[RunSummary]
) -> list[RunSummary]:
    """Return the runs of earlier versions that `version` merely repeats, if any.

    `sha256` is that of its bytes; `runs` are of catalogues whose names begin like its own.
    """
    name = parse_name(version.name)
    _, own = run_of(name, version.etag)
    return [
        run
        for run in runs
        if run.run != own
        and run.run == run_of(name, run.etag)[1]
        and run.content is not None
        and run.content.sha256 == sha256
        and (
            run.content.created_at == version.created
            or version.is_copied_onto_itself
            or _was_moved(run)
        )
    ]


def content_of(version: CatalogVersion, sha256: str, earlier: Iterable[RunSummary]) -> Content:
    """Return what to note about a version's bytes: their age is that of the version it repeats, if any."""
    new = Content(sha256, version.created, version.etag, version.modified)
    known = (run.content for run in earlier if run.content is not None)
    # The same bytes may have been uploaded several times: the last time counts.
    first = max(known, key=lambda content: content.modified_at, default=new)
    return Content(sha256, version.created, first.etag, first.modified_at)


def is_delivered(earlier: Iterable[RunSummary]) -> bool:
    """Return whether one of the runs has delivered the bytes."""
    return any(run.state in DELIVERED for run in earlier)


def _was_moved(run: RunSummary) -> bool:
    return run.updated is not None and run.saved - run.updated > _MOVED
