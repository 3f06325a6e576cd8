"""Checks when products were last sent, and how that ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from agent.checking.row import Row, Subject, failed, not_checked, ok, warning
from agent.errors import AgentError, ExitCode
from agent.showing import local_time, shown, shown_run
from agent.state import LastRun
from contract.blobs import RunId
from contract.run import SESSION_EXPIRED, SILENT_AFTER, Run, RunState

_SUBJECT = Subject.LAST_RUN
_START = "Start one with `shopmaster upload`, or a nightly one with `shopmaster schedule install`."


def last_run_row(runs: Sequence[Run] | None, attempt: LastRun | None, now: datetime) -> Row:
    """Return the row about the last run; `runs` has the newest first, and is None if nobody knows."""
    run = runs[0] if runs else None
    if attempt is not None and _is_news(attempt, run):
        return _attempted(attempt, now)
    if run is not None:
        return _ended(run, now)
    if runs is None:
        return not_checked(_SUBJECT, because=Subject.RUN_RECORDS)
    return warning(_SUBJECT, "There has been no run yet.", _START)


def _is_news(attempt: LastRun, run: Run | None) -> bool:
    """Return whether this PC's note says more than the newest run record does."""
    return run is None or (attempt.run != run.run and attempt.ended_at > run.updated_at)


def _attempted(attempt: LastRun, now: datetime) -> Row:
    when = local_time(attempt.ended_at)
    if attempt.exit_code in {ExitCode.FAILED, ExitCode.USAGE}:
        cause = f"The upload on {when} failed: {shown(attempt.message)}"
        remedy = "If the other lines say what to do, do that. Then run `shopmaster upload`."
        return failed(_SUBJECT, AgentError(cause, remedy))
    if attempt.exit_code == ExitCode.SESSION_EXPIRED:
        return _session_expired(when, attempt.run)
    if attempt.exit_code == ExitCode.STOPPED:
        return warning(_SUBJECT, f"The upload on {when} was stopped.", "Run `shopmaster upload`.")
    if now - attempt.ended_at > SILENT_AFTER:
        return _silent(when, now - attempt.ended_at)
    return ok(_SUBJECT, when)


def _ended(run: Run, now: datetime) -> Row:
    when = local_time(run.started_at)
    match run.state:
        case RunState.SESSION_EXPIRED:
            return _session_expired(when, run.run)
        case RunState.FAILED | RunState.INVALID_CATALOG:
            cause = f"The run on {when} failed: {shown(run.message)}"
            remedy = f"`shopmaster status {shown_run(run.run)}` shows it in full."
            return failed(_SUBJECT, AgentError(cause, remedy))
        case (
            RunState.SUCCEEDED
            | RunState.COMPLETED_WITH_REJECTIONS
            | RunState.SUPERSEDED
            | RunState.SENDING
            | RunState.WAITING
        ):
            pass
        case _:
            assert_never(run.state)
    if now - run.started_at > SILENT_AFTER:
        return _silent(when, now - run.started_at)
    if run.state is RunState.WAITING:
        cause = f"The run on {when} is waiting: {shown(run.message)}"
        return warning(
            _SUBJECT, cause, "It goes on by itself. `shopmaster status` shows how far it is."
        )
    return ok(_SUBJECT, f"{when}: {_outcome(run)}")


def _outcome(run: Run) -> str:
    if not run.state.is_final:
        return f"under way, {run.accepted:,} of {run.read:,} accepted"
    rejected = f", {run.rejected:,} rejected" if run.rejected else ""
    return f"{run.state.replace('_', ' ')}, {run.accepted:,} of {run.read:,} accepted{rejected}"


def _session_expired(when: str, run: RunId | None) -> Row:
    resume = f"shopmaster resume {shown_run(run)}" if run else "shopmaster upload"
    return failed(
        _SUBJECT,
        AgentError(
            f"The run on {when} ended with “{SESSION_EXPIRED}”.",
            f"Run `shopmaster login`, then `{resume}`.",
        ),
    )


def _silent(when: str, since: timedelta) -> Row:
    hours = since / timedelta(hours=1)
    ago = f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"
    return warning(_SUBJECT, f"The last run was on {when}, {ago} ago.", _START)
