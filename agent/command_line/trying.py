"""The dry run: shows what an upload would send, reject and change, and whether it would stop."""

from functools import partial
from pathlib import Path

from agent.command_line.differences import NOTHING_TO_COMPARE, describe_changes, too_many
from agent.command_line.outcome import describe_preview
from agent.command_line.uploading import cant_compare
from agent.command_line.waiting import report_rejections
from agent.comparing import changes_since
from agent.errors import ExitCode
from agent.export import ProductSource, Progress
from agent.kept_catalogs import KeptCatalogs, UnreadableError
from agent.preview import Preview, preview
from agent.saying import say


def try_upload(
    source: ProductSource, folder: Path, limit: float, rejections: Path | None, progress: Progress
) -> ExitCode:
    """Print what an upload would do, and return the exit code that it would have as far as is known.

    `folder` is the store's state folder, `limit` the share of products that may be gone or repriced.
    """
    found, comparison = _compared(source, KeptCatalogs(folder), progress)
    say(describe_preview(found), "", comparison)
    problem = too_many(found.changes, limit) if found.changes is not None else None
    if problem is not None:
        say("", "An upload would stop:", *problem)
    if rejections is not None:
        report_rejections(rejections, found.rejections, found.rejected)
    if problem is not None or not found.sendable:
        return ExitCode.FAILED
    return ExitCode.COMPLETED_WITH_REJECTIONS if found.rejected else ExitCode.SUCCEEDED


def _compared(source: ProductSource, kept: KeptCatalogs, progress: Progress) -> tuple[Preview, str]:
    """Return what would be sent, and in words how that differs from the last catalogue."""
    try:
        delivered = kept.delivered()
        if delivered is None:
            return preview(source, progress), NOTHING_TO_COMPARE
        before, since = delivered
        with before:
            found = preview(source, progress, partial(changes_since, before))
    except UnreadableError as error:
        return preview(source, progress), cant_compare(error)
    return found, describe_changes(found.changes, since) if found.changes is not None else ""
