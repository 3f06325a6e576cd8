"""Which run a login can bring back."""

import pytest

from agent.resuming import stopped_by_expiry
from contract.blobs import RunId
from contract.run import Run, RunState
from tests.agent.shops import make_run

EXPIRED = RunState.SESSION_EXPIRED


def runs(*states: RunState) -> list[Run]:
    return [make_run(state, run=RunId(str(place))) for place, state in enumerate(states)]


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ((), None),
        ((EXPIRED,), "0"),
        ((EXPIRED, EXPIRED, RunState.SUCCEEDED), "0"),
        ((RunState.INVALID_CATALOG, RunState.SUPERSEDED, EXPIRED), "2"),
        ((RunState.SUCCEEDED, EXPIRED), None),
        ((RunState.COMPLETED_WITH_REJECTIONS, EXPIRED), None),
        ((RunState.SENDING, EXPIRED), None),
        ((RunState.WAITING, EXPIRED), None),
        ((RunState.FAILED, EXPIRED), None),
    ],
)
def test_only_the_newest_good_catalogue_can_come_back(
    states: tuple[RunState, ...], found: str | None
) -> None:
    run = stopped_by_expiry(runs(*states))
    assert (run and run.run) == found
