"""The command `upload`: table → catalogue → cloud → outcome."""

import argparse
import re
import secrets
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from agent.catalog_file import is_packed, new_file
from agent.command_line.command import CLOCK, Call, Command, source_for, storage_for
from agent.command_line.outcome import (
    describe_preview,
    describe_run,
    describe_unfinished,
    exit_code,
    where_to_look,
)
from agent.errors import ExitCode, NoOutcomeError, StoppedError, StorageError
from agent.export import (
    CatalogStore,
    ProductSource,
    Progress,
    Upload,
    upload_catalog,
    write_products,
)
from agent.following import Follower, RunRecords
from agent.preview import preview
from agent.settings.parsing import Settings
from agent.sqlserver.messages import encryption_warning
from agent.sqlserver.table import SqlServerTable
from agent.telemetry import Operation
from agent.temporary_file import temporary_file
from contract.blobs import StoreName, new_catalog_name

_DEFAULT_TIMEOUT = "30m"
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class UploadArguments:
    """What the user asked for."""

    dry_run: bool
    output: Path | None
    no_wait: bool
    timeout: float
    """Seconds."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--dry-run",
        action="store_true",
        help="read and check every product, show the first and the rejected ones, send nothing",
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
        "--timeout",
        type=_seconds,
        default=_DEFAULT_TIMEOUT,
        metavar="TIME",
        help=f"how long to wait for the outcome: 90s, 10m, 2h (default: {_DEFAULT_TIMEOUT})",
    )


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]+)?)([smh]?)", text.strip().lower())
    if match is None or float(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 10m or 2h")
    return float(match[1]) * _UNITS[match[2]]


def _run(call: Call, arguments: UploadArguments) -> ExitCode:
    is_local = arguments.dry_run or arguments.output is not None
    settings = call.settings(with_storage=not is_local)
    source = source_for(settings)
    with closing(call.progress()) as progress:
        _warn(settings, progress)
        if arguments.dry_run:
            return _preview(source, progress)
        if arguments.output is not None:
            return _write(source, arguments.output, progress)
        with (
            closing(storage_for(settings)) as storage,
            call.operation(settings, progress.say) as operation,
        ):
            upload = _upload(storage, settings.store, source, progress, operation)
            if not arguments.no_wait:
                with operation.step("follow run"):
                    return _follow(storage, upload, arguments.timeout, progress)
    print(
        f"{upload.metadata.rows:,} products were uploaded; the cloud now sends them to Digible.",
        where_to_look(upload),
        sep="\n",
    )
    return ExitCode.SUCCEEDED


def _warn(settings: Settings, progress: Progress) -> None:
    table = settings.products
    warning = encryption_warning(table.login) if isinstance(table, SqlServerTable) else None
    if warning is not None:
        progress.say(warning)


def _preview(source: ProductSource, progress: Progress) -> ExitCode:
    found = preview(source, progress)
    print(describe_preview(found))
    if not found.sendable:
        return ExitCode.FAILED
    return ExitCode.COMPLETED_WITH_REJECTIONS if found.rejected else ExitCode.SUCCEEDED


def _write(source: ProductSource, path: Path, progress: Progress) -> ExitCode:
    packed = is_packed(path)
    with new_file(path) as file:
        metadata = write_products(source, file, progress, packed=packed)
    print(f"{metadata.rows:,} products were written to {path}. Nothing was uploaded.")
    return ExitCode.SUCCEEDED


def _upload(
    catalogs: CatalogStore,
    store: StoreName,
    source: ProductSource,
    progress: Progress,
    operation: Operation,
) -> Upload:
    write = partial(
        write_products, source, progress=progress, packed=True, traceparent=operation.traceparent
    )
    with ExitStack() as kept:
        # The whole table is read before anything is sent: a slow line must not keep its rows locked.
        with operation.step("read products"):
            catalog, metadata = kept.enter_context(temporary_file(write))
        name = new_catalog_name(store, datetime.now(UTC), secrets.token_hex(4))
        with operation.step("upload blob"):
            upload = upload_catalog(catalogs, name, catalog, metadata, progress)
    operation.note("run", upload.run)
    operation.note("rows", metadata.rows or 0)
    return upload


def _follow(records: RunRecords, upload: Upload, seconds: float, progress: Progress) -> ExitCode:
    goes_on = f"The upload is done, and its run goes on in the cloud.\n{where_to_look(upload)}"
    try:
        run = Follower(records, CLOCK, progress).follow(upload.store, upload.run, seconds)
    except StorageError as error:
        raise StorageError(f"{error} {goes_on}") from error
    except KeyboardInterrupt:
        raise StoppedError(f"Stopped waiting. {goes_on}") from None
    if run is None or not run.state.is_final:
        raise NoOutcomeError(describe_unfinished(run, upload, seconds))
    print(describe_run(run))
    return exit_code(run.state)


UPLOAD = Command(
    name="upload",
    summary="Read all products, upload them, and show the outcome.",
    add_arguments=_add_arguments,
    arguments=UploadArguments,
    run=_run,
)
