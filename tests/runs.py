"""A run for tests that need one but don't care which."""

from datetime import datetime

from contract.blobs import RunId, StoreName
from contract.run import Run, RunState


def sending_run(now: datetime, *, read: int = 0, batches_total: int | None = None) -> Run:
    """Return a run that has just begun, of that many products and batches."""
    return Run(
        run=RunId("shop.1"),
        store=StoreName("0001"),
        catalog="0001/shop.json",
        etag='"0x1"',
        state=RunState.SENDING,
        message="",
        started_at=now,
        updated_at=now,
        read=read,
        batches_total=batches_total,
    )
