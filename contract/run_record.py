"""The run record: a run as the JSON that people and the agent read."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

from contract.blobs import UNKNOWN_STORE, RunId, StoreName, parse_store
from contract.product import Rejection, Stage
from contract.run import Checkpoint, Content, Run, RunError, RunState
from contract.telemetry import parse_traceparent

RECORD_VERSION = 1

_LARGEST = 2**63 - 1
_COUNTS = ("read", "accepted", "rejected", "not_sent")
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
_Value = TypeVar("_Value")


class RunRecordError(ValueError):
    """A run record can't be read; the message says what is wrong with it."""


def encode_run(run: Run) -> bytes:
    """Return the run record as UTF-8 JSON."""
    record: dict[str, Any] = {
        "version": RECORD_VERSION,
        "run": run.run,
        "store": run.store,
        "catalog": run.catalog,
        "etag": run.etag,
        "state": run.state.value,
        "message": run.message,
        "attempt": run.attempt,
        "products": {name: getattr(run, name) for name in _COUNTS},
        "batches": {"acknowledged": run.batches_acknowledged, "total": run.batches_total},
        "rejections": [
            {"product_id": one.product_id, "row": one.row, "stage": one.stage, "reason": one.reason}
            for one in run.rejections
        ],
        "warnings": run.warnings,
        "error": run.error and asdict(run.error),
        "started_at": stamp(run.started_at),
        "updated_at": stamp(run.updated_at),
        "finished_at": run.finished_at and stamp(run.finished_at),
        "retry_at": run.retry_at and stamp(run.retry_at),
        "waiting_since": run.waiting_since and stamp(run.waiting_since),
        "retries": run.retries,
        "checkpoint": asdict(run.checkpoint),
        "content": run.content and _encode_content(run.content),
        "traceparent": run.traceparent,
    }
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")


def decode_run(data: bytes) -> Run:
    """Read a run record; raises RunRecordError if it isn't one, or its counts contradict each other."""
    try:
        run = _decode(json.loads(data))
    except _DAMAGE as error:
        raise RunRecordError(
            f"The run record is damaged ({type(error).__name__}: {str(error)[:200]})."
        ) from error
    if run.not_sent < 0 or len(run.rejections) > run.rejected:
        raise RunRecordError("The run record is damaged (its counts contradict each other).")
    return run


def _decode(record: dict[str, Any]) -> Run:
    if record["version"] != RECORD_VERSION:
        raise ValueError(f"version {record['version']!r} is not known here")
    products, batches = record["products"], record["batches"]
    checkpoint = record.get("checkpoint") or {}
    return Run(
        run=RunId(_text(record["run"])),
        store=_store(record["store"]),
        catalog=_text(record["catalog"]),
        etag=_text(record["etag"]),
        state=RunState(record["state"]),
        message=_text(record["message"]),
        attempt=_count(record["attempt"]),
        read=_count(products["read"]),
        accepted=_count(products["accepted"]),
        rejected=_count(products["rejected"]),
        batches_acknowledged=_count(batches["acknowledged"]),
        batches_total=_optional(_count, batches["total"]),
        rejections=tuple(map(_rejection, record["rejections"])),
        warnings=_texts(record.get("warnings", [])),
        error=_optional(_error, record.get("error")),
        started_at=moment(record["started_at"]),
        updated_at=moment(record["updated_at"]),
        finished_at=_optional(moment, record.get("finished_at")),
        retry_at=_optional(moment, record.get("retry_at")),
        waiting_since=_optional(moment, record.get("waiting_since")),
        retries=_count(record.get("retries", 0)),
        checkpoint=Checkpoint(
            _count(checkpoint.get("position", 0)),
            tuple(_count(batch) for batch in checkpoint.get("ahead", [])),
        ),
        content=_optional(_content, record.get("content")),
        traceparent=parse_traceparent(_optional(_text, record.get("traceparent"))),
    )


def _encode_content(content: Content) -> dict[str, Any]:
    return {
        "sha256": content.sha256,
        "created_at": stamp(content.created_at),
        "etag": content.etag,
        "modified_at": stamp(content.modified_at),
    }


def _content(content: dict[str, Any]) -> Content:
    return Content(
        sha256=_text(content["sha256"]),
        created_at=moment(content["created_at"]),
        etag=_text(content["etag"]),
        modified_at=moment(content["modified_at"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("list expected")
    return tuple(map(_text, value))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise TypeError("whole number expected")
    return value


def _rejection(item: dict[str, Any]) -> Rejection:
    return Rejection(
        product_id=_optional(_text, item["product_id"]),
        row=_optional(_count, item["row"]),
        stage=Stage(item["stage"]),
        reason=_text(item["reason"]),
    )


def _error(error: dict[str, Any]) -> RunError:
    return RunError(
        kind=_text(error["kind"]),
        detail=_text(error["detail"]),
        batch=_optional(_count, error["batch"]),
        http_status=_optional(_count, error["http_status"]),
    )


def _store(value: object) -> StoreName:
    return UNKNOWN_STORE if value == UNKNOWN_STORE else parse_store(_text(value))


def stamp(moment: datetime) -> str:
    """Return a time as records have it, in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(value: object) -> datetime:
    """Read a time from a record; raises ValueError or TypeError for anything else."""
    read = datetime.fromisoformat(_text(value))
    if read.tzinfo is None:
        raise ValueError("time without a zone")
    return read.astimezone(UTC)


def _optional(read: Callable[[Any], _Value], value: object) -> _Value | None:
    return None if value is None else read(value)
