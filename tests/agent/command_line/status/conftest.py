"""The fixtures of the tests of `status` and `resume`."""

from datetime import timedelta

import pytest
from azure.storage.blob import BlobServiceClient

from contract.blobs import RUNS, RunId, run_record_name
from contract.run import Run, RunState
from contract.run_record import encode_run
from tests.agent.command_line.scene import Shop
from tests.agent.command_line.status.runs import BY_HAND, NEWER, OLDER, Save
from tests.agent.shops import NOW, make_run, products


@pytest.fixture
def save(online: Shop, storage: str) -> Save:
    """Return a function that saves a run's record, as the cloud would."""
    online.sell(*products(1))

    def saved(run: RunId, state: RunState, **values: object) -> Run:
        made = make_run(state, store=online.store, run=run, **values)
        with BlobServiceClient.from_connection_string(storage) as service:
            blob = service.get_blob_client(RUNS, run_record_name(online.store, run))
            blob.upload_blob(encode_run(made), overwrite=True)
        return made

    return saved


@pytest.fixture
def three(save: Save) -> tuple[Run, ...]:
    """Save three runs, the newest last."""
    day = timedelta(days=1)
    return (
        save(OLDER, RunState.SUCCEEDED, read=1_000, accepted=1_000, started_at=NOW - day),
        save(BY_HAND, RunState.INVALID_CATALOG, started_at=NOW - day / 2),
        save(NEWER, RunState.COMPLETED_WITH_REJECTIONS, read=12, accepted=11, rejected=1),
    )
