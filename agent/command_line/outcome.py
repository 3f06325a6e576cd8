"""The outcome of a run, in words for the shop owner and as an exit code: pure decisions."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from agent.configuring.sample import shown_products
from agent.errors import ExitCode
from agent.following import waiting_sentence
from agent.preview import Preview
from agent.showing import shown, shown_run
from contract.blobs import RunId
from contract.product import Rejection
from contract.run import MAX_WARNINGS, SESSION_EXPIRED, Run, RunState

MAX_SHOWN = 10
"""The most rejections that are shown; the run record lists more."""

_LONGEST_ID = 100
_COUNTS = ("read", "accepted", "rejected", "not sent")


def exit_code(state: RunState) -> ExitCode:
    """Return the exit code for how a run ended, or for one that didn't."""
    match state:
        case RunState.SUCCEEDED:
            return ExitCode.SUCCEEDED
        case RunState.COMPLETED_WITH_REJECTIONS:
            return ExitCode.COMPLETED_WITH_REJECTIONS
        case RunState.SESSION_EXPIRED:
            return ExitCode.SESSION_EXPIRED
        case RunState.FAILED | RunState.INVALID_CATALOG | RunState.SUPERSEDED:
            return ExitCode.FAILED
        case RunState.SENDING | RunState.WAITING:
            return ExitCode.NO_OUTCOME
        case _:
            assert_never(state)


def describe_run(run: Run, most: int = MAX_SHOWN) -> str:
    """Describe how a run ended: its message, its counts, what was rejected and why, warnings, its id.

    `most` is how many of the rejections are shown.
    """
    message = shown(run.message)
    lines = [SESSION_EXPIRED if run.state is RunState.SESSION_EXPIRED else message, ""]
    counts = (run.read, run.accepted, run.rejected, run.not_sent)
    width = max(len(f"{count:,}") for count in counts)
    lines += [f"  {name:<9} {count:>{width},}" for name, count in zip(_COUNTS, counts, strict=True)]
    lines += _rejections(run.rejections[:most], run.rejected)
    if len(run.rejections) > most:
        lines += [f"  The rest: shopmaster status {shown_run(run.run)}"]
    if run.warnings:
        lines += ["", "Warnings:", *(f"  {shown(each)}" for each in run.warnings[:MAX_WARNINGS])]
    detail = shown(run.error.detail) if run.error is not None else ""
    if detail not in message:
        lines += ["", f"Details: {detail}"]
    return "\n".join([*lines, "", f"Run: {shown(run.run)}", *_next(run)])


def _next(run: Run) -> Iterable[str]:
    if run.state is RunState.SESSION_EXPIRED:
        yield "Next: `shopmaster login`, which then offers to send the rest."
    elif run.state.is_resumable:
        yield f"To take it up again: shopmaster resume {shown_run(run.run)}"


def describe_unfinished(run: Run | None, run_id: RunId, seconds: float) -> str:
    """Say that a run has not ended in time, and describe it as it was last seen."""
    waited = f"{seconds:g} seconds" if seconds < 120 else f"{seconds / 60:g} minutes"
    begin = f"No outcome within {waited}: the upload is done, and its run goes on in the cloud."
    return f"{begin} {so_far(run)}\n{where_to_look(run_id)}"


def so_far(run: Run | None) -> str:
    """Say how far a run has got that has not ended; None if it has not been seen yet."""
    if run is None:
        return "It has not begun yet; if it doesn't begin soon, tell your operator."
    return (
        f"So far {run.accepted:,} of {run.read:,} products were accepted and {run.rejected:,} "
        f"rejected. {waiting_sentence(run)}"
    )


def where_to_look(run: RunId) -> str:
    """Say what a run's id is, and how to see how it goes on."""
    return f"Run: {shown(run)}\nTo see how it goes on: shopmaster status {shown_run(run)} --follow"


def describe_preview(preview: Preview) -> str:
    """Describe what an upload would send."""
    lines = [
        f"{preview.read:,} rows read: {preview.sendable:,} would be sent, {preview.rejected:,} rejected. Nothing was sent."
    ]
    if not preview.sendable:
        lines += ["", "An upload would fail, because none of the products can be sent."]
    if preview.first:
        lines += ["", "The first products, as they would be sent:"]
        lines += [shown_products(preview.first)]
    return "\n".join([*lines, *_rejections(preview.rejections[:MAX_SHOWN], preview.rejected)])


def _rejections(listed: Sequence[Rejection], count: int) -> Iterable[str]:
    if not count:
        return
    yield from ("", "Rejected:")
    for rejection in listed:
        product = shown(rejection.product_id or "", _LONGEST_ID) or "(no id)"
        row = f"row {rejection.row:,}, " if rejection.row is not None else ""
        yield f"  {row}product {product}: {shown(rejection.reason)}"
    if count > len(listed):
        yield f"  … and {count - len(listed):,} more"
