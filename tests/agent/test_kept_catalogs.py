"""The catalogue that the next one is compared with is the last that was delivered, and no other."""

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import AgentError, StorageError, StorageUnavailableError
from agent.kept_catalogs import KeptCatalogs, UnreadableError
from contract.blobs import RunId
from contract.run import Run, RunState
from tests.agent.shops import make_run

FIRST, SECOND, THIRD = (RunId(f"2026112{day}T020000Z-1a2b3c4d.8DC12") for day in (1, 2, 3))
AHEAD = RunId("20271122T020000Z-1a2b3c4d.8DC11")
"""A run of the 20th, uploaded while this computer's clock was a year ahead."""

BEGAN = dict(zip((AHEAD, FIRST, SECOND, THIRD), range(20, 24), strict=True))


def run_of(run: RunId, state: RunState = RunState.SUCCEEDED) -> Run:
    """Return a run that began when the cloud's clock says."""
    return make_run(state, run=run, started_at=datetime(2026, 11, BEGAN.get(run, 1), 2, tzinfo=UTC))


class Records:
    """Run records in memory, by run; reading some fails."""

    def __init__(self, **states: RunState) -> None:
        self.runs = {RunId(run): run_of(RunId(run), state) for run, state in states.items()}
        self.failing: dict[RunId, AgentError] = {}
        self.asked: list[RunId] = []

    def read(self, run: RunId) -> Run | None:
        self.asked.append(run)
        if run in self.failing:
            raise self.failing[run]
        return self.runs.get(run)


@pytest.fixture
def kept(tmp_path: Path) -> KeptCatalogs:
    return KeptCatalogs(tmp_path / "0001")


def content(kept: KeptCatalogs) -> bytes | None:
    found = kept.delivered()
    if found is None:
        return None
    with found[0] as file:
        return file.read()


def keep(kept: KeptCatalogs, *runs: RunId) -> None:
    for run in runs:
        kept.keep(run, io.BytesIO(run.encode()))


def pending(kept: KeptCatalogs) -> list[str]:
    return [path.name.removesuffix(".json.gz") for path in kept._waiting()]


def test_there_is_nothing_at_first(kept: KeptCatalogs) -> None:
    assert kept.delivered() is None
    kept.settle(Records().read)
    kept.conclude(make_run(RunState.SUCCEEDED))
    assert kept.delivered() is None


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.COMPLETED_WITH_REJECTIONS])
def test_a_delivered_catalogue_takes_the_place_of_the_one_before(
    kept: KeptCatalogs, state: RunState
) -> None:
    for run in (FIRST, SECOND):
        keep(kept, run)
        kept.conclude(make_run(state, run=run))
        assert content(kept) == run.encode()
    assert pending(kept) == []


@pytest.mark.parametrize("state", [RunState.INVALID_CATALOG, RunState.SUPERSEDED])
def test_a_catalogue_that_never_will_be_delivered_is_dropped(
    kept: KeptCatalogs, state: RunState
) -> None:
    keep(kept, FIRST)
    kept.conclude(make_run(state, run=FIRST))
    assert (content(kept), pending(kept)) == (None, [])


@pytest.mark.parametrize(
    "state", [RunState.SENDING, RunState.WAITING, RunState.FAILED, RunState.SESSION_EXPIRED]
)
def test_a_catalogue_that_may_still_be_delivered_is_kept_until_it_is(
    kept: KeptCatalogs, state: RunState
) -> None:
    keep(kept, FIRST)
    kept.settle(Records(**{FIRST: state}).read)
    assert (content(kept), pending(kept)) == (None, [FIRST])
    kept.settle(Records(**{FIRST: RunState.SUCCEEDED}).read)
    assert (content(kept), pending(kept)) == (FIRST.encode(), [])


def test_an_older_one_never_takes_the_place_of_a_newer_one(kept: KeptCatalogs) -> None:
    keep(kept, FIRST, SECOND, THIRD)
    kept.conclude(run_of(SECOND))
    assert content(kept) == SECOND.encode()
    kept.settle(Records(**{FIRST: RunState.SUCCEEDED, THIRD: RunState.WAITING}).read)
    assert (content(kept), pending(kept)) == (SECOND.encode(), [THIRD])


def test_the_outcomes_that_are_unknown_are_all_asked_for(kept: KeptCatalogs) -> None:
    keep(kept, SECOND, FIRST)
    records = Records(**{FIRST: RunState.SUCCEEDED, SECOND: RunState.SUCCEEDED})
    kept.settle(records.read)
    assert records.asked == [FIRST, SECOND]
    assert (content(kept), pending(kept)) == (SECOND.encode(), [])


def test_which_came_last_is_decided_by_the_clock_of_the_cloud(kept: KeptCatalogs) -> None:
    keep(kept, AHEAD, FIRST)
    kept.settle(Records(**{AHEAD: RunState.SUCCEEDED, FIRST: RunState.SUCCEEDED}).read)
    assert (content(kept), pending(kept)) == (FIRST.encode(), [])


def test_what_began_earlier_never_takes_its_place_even_if_its_outcome_comes_later(
    kept: KeptCatalogs,
) -> None:
    keep(kept, AHEAD, FIRST)
    kept.settle(Records(**{FIRST: RunState.SUCCEEDED}).read)
    assert pending(kept) == [AHEAD]
    kept.settle(Records(**{AHEAD: RunState.SUCCEEDED}).read)
    assert (content(kept), pending(kept)) == (FIRST.encode(), [])


def test_a_failed_run_is_forgotten_once_a_later_one_is_delivered(kept: KeptCatalogs) -> None:
    keep(kept, AHEAD, FIRST)
    kept.settle(Records(**{AHEAD: RunState.FAILED, FIRST: RunState.SUCCEEDED}).read)
    assert (content(kept), pending(kept)) == (FIRST.encode(), [])


def test_once_an_upload_is_delivered_all_others_began_before_it(kept: KeptCatalogs) -> None:
    """Whatever the clock of this computer said when they were uploaded."""
    keep(kept, AHEAD, FIRST)
    kept.conclude(run_of(FIRST))
    assert (content(kept), pending(kept)) == (FIRST.encode(), [])


def test_a_wrong_time_on_the_delivered_catalogue_stops_no_upload_that_was_followed(
    kept: KeptCatalogs, tmp_path: Path
) -> None:
    delivered = tmp_path / "0001" / "delivered.json.gz"
    delivered.parent.mkdir()
    delivered.write_bytes(b"of an older version of this program")
    os.utime(delivered, (datetime(2027, 11, 20, tzinfo=UTC).timestamp(),) * 2)
    keep(kept, FIRST)
    kept.conclude(run_of(FIRST))
    assert content(kept) == FIRST.encode()


def test_a_resumed_run_says_nothing_about_what_was_uploaded_after_it(
    kept: KeptCatalogs, tmp_path: Path
) -> None:
    keep(kept, FIRST, SECOND)
    KeptCatalogs(tmp_path / "0001").conclude(run_of(FIRST))
    assert (content(kept), pending(kept)) == (FIRST.encode(), [SECOND])


def test_a_record_that_can_never_be_read_hides_no_other(kept: KeptCatalogs) -> None:
    keep(kept, FIRST, SECOND)
    records = Records(**{SECOND: RunState.SUCCEEDED})
    records.failing[FIRST] = StorageError("Damaged.")
    kept.settle(records.read)
    assert (content(kept), pending(kept)) == (SECOND.encode(), [FIRST])


def test_while_the_storage_is_away_nobody_waits_for_it_twice(kept: KeptCatalogs) -> None:
    keep(kept, FIRST, SECOND)
    records = Records(**{SECOND: RunState.SUCCEEDED})
    records.failing[FIRST] = StorageUnavailableError("Away.")
    kept.settle(records.read)
    assert records.asked == [FIRST]
    assert (content(kept), pending(kept)) == (None, [FIRST, SECOND])


def test_without_the_right_to_read_records_nothing_piles_up(kept: KeptCatalogs) -> None:
    def denied(run: RunId) -> Run | None:
        asked.append(run)
        raise StorageError("Denied.")

    asked: list[RunId] = []
    runs = [RunId(f"202611{day:02}T020000Z-1a2b3c4d.8DC12") for day in range(1, 10)]
    keep(kept, *runs)
    kept.settle(denied)
    assert asked == runs
    assert pending(kept) == runs[-5:]


def test_what_a_crash_has_left_half_written_is_removed(kept: KeptCatalogs, tmp_path: Path) -> None:
    keep(kept, FIRST)
    (tmp_path / "0001" / "pending" / f"{SECOND}.json.gz.part").write_bytes(b"half")
    kept.settle(Records().read)
    assert [path.name for path in (tmp_path / "0001" / "pending").iterdir()] == [f"{FIRST}.json.gz"]


def test_a_catalogue_is_kept_whole_or_not_at_all(kept: KeptCatalogs, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        kept.keep(FIRST, Broken())
    assert list((tmp_path / "0001" / "pending").iterdir()) == []


def test_the_id_of_somebody_elses_run_reaches_no_other_file(
    kept: KeptCatalogs, tmp_path: Path
) -> None:
    keep(kept, FIRST)
    (tmp_path / "evil.json.gz").write_bytes(b"evil")
    for name in ("../../evil", f"../pending/{FIRST}", "*", str(tmp_path / "evil")):
        kept.conclude(make_run(RunState.SUCCEEDED, run=RunId(name)))
    assert (content(kept), pending(kept)) == (None, [FIRST])
    assert (tmp_path / "evil.json.gz").read_bytes() == b"evil"


def test_it_says_when_the_run_of_the_catalogue_began(kept: KeptCatalogs) -> None:
    keep(kept, FIRST)
    kept.conclude(run_of(FIRST))
    found = kept.delivered()
    assert found is not None
    with found[0]:
        assert found[1] == datetime(2026, 11, 21, 2, tzinfo=UTC)


def test_one_that_cannot_be_opened_is_told_from_none(kept: KeptCatalogs, tmp_path: Path) -> None:
    (tmp_path / "0001" / "delivered.json.gz").mkdir(parents=True)
    with pytest.raises(UnreadableError):
        kept.delivered()
