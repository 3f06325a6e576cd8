"""Reads through a run's catalogue before its first batch, and records what it holds."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from contract.blobs import parse_name, run_of
from contract.compression import CatalogError
from contract.run import Run, RunError, RunState
from function_app import outcomes
from function_app.batching import total_batches
from function_app.errors import CatalogGoneError, RecordConflictError, SlowExaminationError
from function_app.examining import Examination, examine
from function_app.ports import RunSummary, Standby
from function_app.repeats import content_of, earlier_runs
from function_app.work import Work

logger = logging.getLogger(__name__)

_CHECKING = "Checking the catalogue."
_STILL_CHECKING = "Still checking the catalogue; it is a large one."
_TO_BE_CHECKED = "Checking the catalogue was interrupted; it is checked again."
_TELL_EVERY = 20.0  # seconds: a record that stands still would look like a dead worker's
_LIVES_FOR = timedelta(seconds=40)
_MOST_DEATHS = 10
_LONGEST = 480.0  # seconds
_SLOW_TO_READ = RunError(
    "slow", "Reading through the catalogue took longer than there is time for it."
)


def is_being_read(run: Run, now: datetime) -> bool:
    """Return whether a worker reads the run's catalogue: there is no lease for that yet.

    Two that took it from each other would never come to its end.
    """
    return _has_reader(run) and abs(now - run.updated_at) < _LIVES_FOR


def _has_reader(run: Run) -> bool:
    """Return whether a worker reads the run's catalogue, or has died of it."""
    is_read = run.state is RunState.SENDING and run.message in (_CHECKING, _STILL_CHECKING)
    return is_read and run.batches_total is None


def read_through(work: Work, standby: Standby, ends_at: float) -> bool:
    """Read through the catalogue and record its counts; return False if the run ended or waits now.

    `ends_at` is when (monotonic seconds) this must be over. Raises CatalogGoneError,
    RecordConflictError, and whatever storage raises.
    """
    found = _examined(work, standby, ends_at) if _is_begun(work) else None
    if found is None:
        return False
    run = replace(
        work.run,
        read=found.read,
        rejected=found.rejected,
        rejections=found.rejections,
        batches_total=total_batches(found.sendable),
        retries=0,
    )
    if not found.sendable:
        work.recorded.end(outcomes.nothing_to_send(run, found.keys, work.ports.clock.now()))
        return False
    content = content_of(work.version, found.sha256, runs_with(work, found.sha256))
    work.recorded.save(replace(run, content=content))
    return True


def runs_with(work: Work, sha256: str) -> list[RunSummary]:
    """Return the runs that delivered the same bytes under the same name before."""
    store, run = run_of(parse_name(work.version.name), "")
    return earlier_runs(work.version, sha256, work.ports.records.summaries(store, run))


def _is_begun(work: Work) -> bool:
    """Let the record say that the catalogue is being checked; return False if the run has ended instead."""
    run = work.run
    deaths = run.retries + _has_reader(run)
    if _has_reader(run) and deaths > _MOST_DEATHS:
        logger.error("run %s of store %s: whoever reads its catalogue dies", run.run, run.store)
        work.recorded.end(outcomes.abandoned(run, work.ports.clock.now()))
        return False
    begun = replace(run.moved_to(RunState.SENDING), message=_CHECKING, retries=deaths)
    work.recorded.save(replace(begun, error=None, retry_at=None))
    return True


def _examined(work: Work, standby: Standby, ends_at: float) -> Examination | None:
    """Read the catalogue; return None if that ends the run or lets it wait."""
    clock, version = work.ports.clock, work.version
    is_over = _watched(work, standby, min(ends_at, clock.monotonic() + _LONGEST))
    try:
        return examine(work.ports.catalogs.blocks(version), version.metadata, version.size, is_over)
    except CatalogError as error:
        work.recorded.end(outcomes.unreadable(work.run, error, clock.now()))
    except SlowExaminationError:
        work.end_or_wait(outcomes.waiting(work.run, _SLOW_TO_READ, clock.now()))
    except (CatalogGoneError, RecordConflictError):
        raise
    except Exception:
        with suppress(Exception):  # so that the host's next try does not take it for being read
            work.recorded.save(replace(work.run, message=_TO_BE_CHECKED))
        raise
    return None


def _watched(work: Work, standby: Standby, ends_at: float) -> Callable[[], bool]:
    """Return what says whether the time is over, and meanwhile shows that this worker lives."""
    clock = work.ports.clock
    tell_at = clock.monotonic() + _TELL_EVERY

    def is_over() -> bool:
        nonlocal tell_at
        standby.keep()
        now = clock.monotonic()
        if now > tell_at:
            tell_at = now + _TELL_EVERY
            work.recorded.save(replace(work.run, message=_STILL_CHECKING))
        return now > ends_at

    return is_over
