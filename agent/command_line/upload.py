"""The command `upload`: table → catalogue → cloud → outcome."""

import argparse
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent.catalog_file import is_packed, new_file
from agent.command_line.command import Call, Command, source_of, storage_for
from agent.command_line.outcome import where_to_look
from agent.command_line.session import session
from agent.command_line.trying import try_upload
from agent.command_line.uploading import Uploading
from agent.command_line.waiting import Waiter, add_rejections, add_timeout, report
from agent.errors import ExitCode, SettingsError
from agent.export import ProductSource, Progress, write_products
from agent.rejections import check_place
from agent.saying import say
from agent.settings.parsing import Settings
from agent.sqlserver.messages import encryption_warning
from agent.sqlserver.table import SqlServerTable


@dataclass(frozen=True, slots=True)
class UploadArguments:
    """What the user asked for."""

    dry_run: bool
    output: Path | None
    no_wait: bool
    yes: bool
    rejections: Path | None
    timeout: float
    """Seconds."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--dry-run",
        action="store_true",
        help="read and check every product, show what would change, send nothing",
    )
    instead.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write the catalogue to FILE (.json or .json.gz) instead of uploading it",
    )
    instead.add_argument(
        "--no-wait",
        action="store_true",
        help="don't wait for the outcome after the upload",
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="upload even if unusually many products are gone or have another price",
    )
    add_rejections(parser)
    add_timeout(parser)


def _run(call: Call, arguments: UploadArguments) -> ExitCode:
    _check(arguments)
    is_local = arguments.dry_run or arguments.output is not None
    settings = call.settings(with_storage=not is_local)
    source = source_of(settings.products)
    with closing(call.progress()) as progress:
        _warn(settings, progress)
        if arguments.dry_run:
            limit = 1.0 if arguments.yes else settings.change_limit
            folder = call.state_folder(settings)
            return try_upload(source, folder, limit, arguments.rejections, progress)
        if arguments.output is not None:
            return _write(source, arguments.output, progress)
        return _upload(call, settings, arguments, source, progress)


def _check(arguments: UploadArguments) -> None:
    if arguments.rejections is None:
        return
    if arguments.no_wait or arguments.output is not None:
        raise SettingsError(
            "--rejections needs an outcome to write down, which --no-wait and --output don't wait for.",
            "Leave one of them out.",
        )
    check_place(arguments.rejections)


def _warn(settings: Settings, progress: Progress) -> None:
    table = settings.products
    warning = encryption_warning(table.login) if isinstance(table, SqlServerTable) else None
    if warning is not None:
        progress.say(warning)


def _write(source: ProductSource, path: Path, progress: Progress) -> ExitCode:
    packed = is_packed(path)
    with new_file(path) as file:
        metadata = write_products(source, file, progress, packed=packed)
    say(f"{metadata.rows:,} products were written to {path}. Nothing was uploaded.")
    return ExitCode.SUCCEEDED


def _upload(
    call: Call,
    settings: Settings,
    arguments: UploadArguments,
    source: ProductSource,
    progress: Progress,
) -> ExitCode:
    store = settings.store
    with (
        session(call.state_folder(settings), call.redaction) as this,
        closing(storage_for(settings)) as storage,
        call.operation(settings, progress.say) as operation,
    ):
        this.kept.settle(lambda run: storage.read(store, run))
        limit = 1.0 if arguments.yes else settings.change_limit
        uploading = Uploading(
            store, source, storage, this, operation, progress, limit, call.is_logged
        )
        upload = uploading.upload()
        if not arguments.no_wait:
            with operation.step("follow run"):
                run = Waiter(storage, arguments.timeout, progress).outcome(store, upload.run)
            code = this.has_ended(run)
            report(run, arguments.rejections)
            return code
        this.message = (
            f"{upload.metadata.rows:,} products were uploaded; the cloud now sends them to Digible."
        )
        this.exit_code = ExitCode.SUCCEEDED
        say(this.message, where_to_look(upload.run))
    return ExitCode.SUCCEEDED


UPLOAD = Command(
    name="upload",
    add_arguments=_add_arguments,
    arguments=UploadArguments,
    run=_run,
)
