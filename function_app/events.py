"""The custom events that a run leaves in Application Insights: pure, and without any value of a product.

docs/telemetry.md has the table of them; queries, workbook and alerts are written against it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contract.blobs import StoreName
from contract.product import Stage
from contract.run import Run, RunError
from contract.run_record import stamp
from function_app.settling import BatchOutcome
from function_app.token import StoredToken, expiry

_BY_DIGIBLE = "refused by Digible"
_UNLISTED = "not listed in the run record"


@dataclass(frozen=True, slots=True)
class SilentStore:
    """A store that has had no successful run for too long."""

    store: StoreName
    last_success: datetime | None
    """None if none of its run records is of a success."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as Application Insights keeps it."""

    name: str
    dimensions: Mapping[str, str]
    measurements: Mapping[str, float] = field(default_factory=dict)


def started(run: Run) -> Event:
    """A run was begun; its catalogue hasn't been read."""
    return Event("catalog.run.started", {**_of(run), "catalog": run.catalog})


def acknowledged(run: Run, outcome: BatchOutcome) -> Event:
    """Digible accepted a batch, or a part of one, and that is saved."""
    measurements = {
        "batch": float(outcome.batch.number),
        "products": float(outcome.settled - len(outcome.rejections)),
        "rejected_in_batch": float(len(outcome.rejections)),
    }
    return Event("catalog.batch.acknowledged", _of(run), {**measurements, **_counts(run)})


def refused(run: Run, error: RunError) -> Event:
    """Digible did not accept a batch, whether it is tried again later or not."""
    dimensions = {
        **_of(run),
        "error_kind": error.kind,
        "http_status": "" if error.http_status is None else str(error.http_status),
    }
    return Event(
        "catalog.batch.refused", dimensions, {"batch": float(error.batch or 0), **_counts(run)}
    )


def token_read(run: Run, token: StoredToken, now: datetime) -> Event:
    """A run read its store's token."""
    expires_at = expiry(token)
    if expires_at is None:
        return Event("catalog.token.read", {**_of(run), "expires_at": ""})
    days_left = (expires_at - now).total_seconds() / 86_400
    return Event(
        "catalog.token.read",
        {**_of(run), "expires_at": stamp(expires_at)},
        {"days_left": round(days_left, 3)},
    )


def ended(run: Run) -> Iterator[Event]:
    """A run waits, or has ended: then what was rejected, and why, comes first."""
    measurements = _counts(run)
    if run.content is not None:
        measurements["since_upload_s"] = _seconds(run.content.modified_at, run)
    dimensions = {**_of(run), "error_kind": run.error.kind if run.error else ""}
    if not run.state.is_final:
        retry_at = stamp(run.retry_at) if run.retry_at else ""
        yield Event("catalog.run.waiting", {**dimensions, "retry_at": retry_at}, measurements)
        return
    for (stage, reason), rejected in _rejections(run).items():
        yield Event(
            "catalog.products.rejected",
            {**_of(run), "stage": stage, "reason": reason},
            {"rejected": float(rejected)},
        )
    yield Event("catalog.run.finished", dimensions, measurements)


def sweep_found(number: int) -> Event:
    """The sweep found catalogues that no event had announced."""
    return Event("catalog.sweep.found", {}, {"catalogs": float(number)})


def sweep_took_up(number: int) -> Event:
    """The sweep found runs that nobody worked on."""
    return Event("catalog.sweep.took_up", {}, {"runs": float(number)})


def store_silent(silent: SilentStore) -> Event:
    """The sweep found no successful run of a store for too long."""
    last_success = silent.last_success
    dimensions = {
        "store": silent.store,
        "last_success": "" if last_success is None else stamp(last_success),
    }
    return Event("catalog.store.silent", dimensions)


def settings_wrong(problems: Sequence[str]) -> Event:
    """A function was called while the app settings are wrong."""
    return Event("app.settings.wrong", {"problems": " ".join(problems)})


def _of(run: Run) -> dict[str, str]:
    return {"store": run.store, "run": run.run, "state": run.state.value}


def _counts(run: Run) -> dict[str, float]:
    return {
        "read": float(run.read),
        "accepted": float(run.accepted),
        "rejected": float(run.rejected),
        "not_sent": float(run.not_sent),
        "batches": float(run.batches_acknowledged),
        "duration_s": _seconds(run.started_at, run),
    }


def _seconds(begun: datetime, run: Run) -> float:
    return (run.updated_at - begun).total_seconds()


def _rejections(run: Run) -> Counter[tuple[str, str]]:
    """Count the rejections by reason. Digible's own words may name products, so they stay in the record."""
    found = Counter(
        (each.stage.value, _BY_DIGIBLE if each.stage is Stage.DIGIBLE else each.reason)
        for each in run.rejections
    )
    if unlisted := run.rejected - len(run.rejections):
        found["", _UNLISTED] = unlisted
    return found
