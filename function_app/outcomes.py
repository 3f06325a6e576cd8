"""How a run ends, or waits, in words for the shop owner: pure decisions."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from contract.compression import CatalogError
from contract.product import COLUMNS
from contract.run import INVALID_JSON_RESPONSE, SESSION_EXPIRED, Run, RunError, RunState
from function_app.answers import Refused, TokenRefused, Unavailable, Unreadable
from function_app.retrying import LONGEST_WAITING, delay
from function_app.settling import BatchTrouble

_LONGEST_KEY = 40
_BUSY_PAUSE = timedelta(seconds=20)


def ended(
    run: Run, state: RunState, message: str, now: datetime, error: RunError | None = None
) -> Run:
    """Return the run as it ends in `state`."""
    return replace(
        run.moved_to(state), message=message, error=error, finished_at=now, retry_at=None
    )


def completed(run: Run, words: str | None, now: datetime) -> Run:
    """Return the run as it ends once every product is settled; `words` are Digible's last."""
    says = f" Digible says: {words}" if words else ""
    if run.warnings:
        says = " Its answers hold warnings, though: check the products in Digible."
    if not run.rejected:
        message = f"All {run.accepted:,} products were accepted by Digible.{says}"
        return ended(run, RunState.SUCCEEDED, message, now)
    message = (
        f"{run.accepted:,} of {run.read:,} products were accepted by Digible, "
        f"{run.rejected:,} rejected.{says}"
    )
    return ended(run, RunState.COMPLETED_WITH_REJECTIONS, message, now)


def invalid(run: Run, problem: str, now: datetime) -> Run:
    """Return the run as it ends when its blob is not a catalogue."""
    message = f"The catalogue can't be used, so none of it was sent. {problem}"
    return ended(run, RunState.INVALID_CATALOG, message, now, RunError("invalid_catalog", problem))


def unreadable(run: Run, error: CatalogError, now: datetime) -> Run:
    """Return the run as it ends when its catalogue can't be read to its end."""
    reason = error.reason[:1].upper() + error.reason[1:]
    return invalid(run, f"{reason} ({error.position}).", now)


def nothing_to_send(run: Run, keys: Sequence[str], now: datetime) -> Run:
    """Return the run as it ends when no product of its catalogue can be sent.

    `keys` are the first keys that its objects have.
    """
    first = run.rejections[0]
    problem = (
        f"None of its {run.read:,} products can be sent. Row {first.row}: {first.reason}. "
        f"A catalogue needs the keys {_listed(COLUMNS)}; this one has {_listed(keys)}."
    )
    return invalid(run, problem, now)


def _listed(keys: Sequence[str]) -> str:
    """Return keys as JSON has them, so that what is invisible in them shows."""
    shown = [key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}…" for key in keys]
    return ", ".join(map(json.dumps, shown)) or "none"


def superseded(run: Run, now: datetime) -> Run:
    """Return the run as it ends when its store has a newer catalogue."""
    message = "This store has a newer catalogue, so the rest of this one is not sent."
    return ended(run, RunState.SUPERSEDED, message, now)


def repeated(run: Run, now: datetime) -> Run:
    """Return the run as it ends when its products were delivered before, and the blob merely touched."""
    message = (
        "These products were already delivered; only the properties of their file have changed, so "
        "nothing is sent again. To send them again, upload the file under another name."
    )
    return ended(run, RunState.SUPERSEDED, message, now)


def deleted(run: Run, now: datetime) -> Run:
    """Return the run as it ends when its catalogue was deleted."""
    message = "The catalogue was deleted before all of it was sent. Upload it again."
    return ended(run, RunState.FAILED, message, now, RunError("catalog_deleted", message))


def nothing_to_resume(run: Run, now: datetime) -> Run:
    """Return the run as it ends that a request to resume named by mistake: there is none."""
    message = (
        "There is no such upload to resume, so nothing was done. Run `shopmaster status` to see the "
        "uploads that there are."
    )
    error = RunError("no_such_run", "No run of the store has this id.")
    return ended(run, RunState.INVALID_CATALOG, message, now, error)


def archived(run: Run, now: datetime) -> Run:
    """Return the run as it ends when its catalogue is in the archive tier."""
    message = (
        "The catalogue was moved to the archive, where it can't be read. Upload it again, or have it "
        "brought back and resume this upload."
    )
    return ended(run, RunState.FAILED, message, now, RunError("archived", message))


def interrupted(run: Run, now: datetime) -> Run:
    """Return the run as it waits to be taken up again, its worker being gone."""
    error = RunError("interrupted", "The upload service was interrupted.")
    return waiting(run, error, now, pause=timedelta(0))


def noticed_late(run: Run, now: datetime) -> Run:
    """Return the run as it waits for its first worker, no event having announced its catalogue."""
    error = RunError("noticed_late", "The upload service was not told of this catalogue in time.")
    return waiting(run, error, now, pause=timedelta(0))


def abandoned(run: Run, now: datetime) -> Run:
    """Return the run as it ends when every invocation for it has failed."""
    message = "The upload service failed several times with this catalogue. Tell your operator."
    detail = "Every invocation for this run failed; the host's log has the exceptions."
    return ended(run, RunState.FAILED, message, now, RunError("abandoned", detail))


def session_expired(
    run: Run, detail: str, now: datetime, batch: int | None = None, http_status: int | None = None
) -> Run:
    """Return the run as it ends when its store's token is missing or no longer accepted."""
    error = RunError("session_expired", detail, batch, http_status)
    return ended(run, RunState.SESSION_EXPIRED, SESSION_EXPIRED, now, error)


def waiting(
    run: Run,
    error: RunError,
    now: datetime,
    retry_after: float | None = None,
    pause: timedelta | None = None,
) -> Run:
    """Return the run as it waits to come back, or as it ends when it has waited for a day.

    Without `pause`, it waits longer each time, and at least `retry_after` seconds.
    """
    retries = run.retries + 1 if pause is None else run.retries
    if pause is None:
        pause = delay(run.retries, retry_after)
    since = run.waiting_since or now
    if now + pause - since > LONGEST_WAITING:
        message = f"Given up after a day of trying: {error.detail}"
        return ended(run, RunState.FAILED, message, now, error)
    return replace(
        run.moved_to(RunState.WAITING),
        message=f"{error.detail} Trying again {_in_words(pause)}; nothing is lost.",
        error=error,
        retry_at=now + pause,
        waiting_since=since,
        retries=retries,
    )


def _in_words(pause: timedelta) -> str:
    seconds = round(pause.total_seconds())
    if seconds < 1:
        return "in a moment"
    return f"in {seconds} s" if seconds < 60 else f"in {round(seconds / 60)} min"


def store_busy(run: Run, now: datetime) -> Run:
    """Return the run as it waits while another one has its store, or as it ends after a day of that."""
    detail = "Another upload of this shop is being delivered, and this one comes after it."
    return waiting(run, RunError("store_busy", detail), now, pause=_BUSY_PAUSE)


def held(run: Run, until: datetime, now: datetime) -> Run:
    """Return the run as it waits until nothing of an earlier one can be on its way to Digible any more."""
    detail = "Something of an earlier upload of this shop may still be on its way to Digible."
    return waiting(run, RunError("in_doubt", detail), now, pause=until - now)


def stopped(run: Run, met: BatchTrouble, now: datetime) -> Run:
    """Return the run as it ends, or waits, after a batch met trouble."""
    trouble, of = met.trouble, f"batch {met.batch} of {run.batches_total}"
    match trouble:
        case TokenRefused():
            return session_expired(run, trouble.detail, now, met.batch, trouble.http_status)
        case Unreadable(is_too_long=True):
            message = (
                f"Digible's answer to {of} is too long to be read, so whether it took these products is "
                "not known. Nothing more was sent."
            )
            error = RunError("invalid_response", trouble.detail, met.batch, 200)
            return ended(run, RunState.FAILED, message, now, error)
        case Unreadable():
            error = RunError("invalid_response", trouble.detail, met.batch, 200)
            return ended(run, RunState.FAILED, INVALID_JSON_RESPONSE, now, error)
        case Refused():
            error = RunError("refused", trouble.detail, met.batch, trouble.http_status)
            message = f"Digible refused {of} (HTTP {trouble.http_status}): {trouble.detail}"
            return ended(run, RunState.FAILED, message, now, error)
        case Unavailable():
            error = RunError("unavailable", trouble.detail, met.batch, trouble.http_status)
            return waiting(run, error, now, trouble.retry_after)
        case _:
            assert_never(trouble)
