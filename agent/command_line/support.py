"""The command `support`: one zip for a support person, and what is in it."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent import __version__
from agent.catalog_file import new_file
from agent.checking.report import as_json
from agent.command_line.checkup import check_up
from agent.command_line.command import Call, Command, storage_for
from agent.errors import AgentError, DatabaseError, ExitCode
from agent.saying import say
from agent.settings.file import (
    RawSettings,
    environment_entries,
    machine_wide_file,
    read_settings,
)
from agent.settings.parsing import Settings, parse_settings
from agent.settings.reader import SettingsReader
from agent.sqlserver.session import load_pyodbc
from agent.state import state_folder
from agent.support.bundle import Hide, Member, bundle_name, document, listing, write_bundle
from agent.support.notes import notes
from agent.support.settings import possible_secrets, settings_shown, unreadable_settings
from agent.support.versions import about
from contract.blobs import parse_store
from contract.run_record import encode_run

_CHECK = "check.json"
_RUNS = 5


@dataclass(frozen=True, slots=True)
class SupportArguments:
    """What the user asked for."""

    output: Path | None


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the zip to write, or the folder for it (default: the current folder)",
    )


def _run(call: Call, arguments: SupportArguments) -> ExitCode:
    print("Collecting what a support person needs …", file=sys.stderr, flush=True)
    members = list(_members(call))
    store = next((json.loads(each.text)["store"] for each in members if each.name == _CHECK), None)
    path = arguments.output or Path()
    if path.is_dir():
        path /= bundle_name(store, datetime.now())  # noqa: DTZ005  the owner's own time
    with new_file(path) as file:
        write_bundle(file, members)
    say(
        f"{path.absolute()} was written. Nothing was sent to anybody. It contains:",
        "",
        *listing(members),
        "",
        "There is no password, key or token in it. Look through it, then send it to your support "
        "person.",
    )
    return ExitCode.SUCCEEDED


def _members(call: Call) -> Iterator[Member]:
    hide = call.redaction.hide
    call.redaction.learn(possible_secrets(environment_entries(call.environment)))
    yield about(call.environment, _drivers(), hide)
    try:
        raw = read_settings(call.config, call.environment)
    except AgentError as error:
        yield unreadable_settings(error, hide)
        yield _checked(call)
        return
    call.redaction.learn(possible_secrets(raw.in_file))  # even what the environment overrides
    settings = _parsed(call, raw)
    yield settings_shown(raw, hide)
    yield _checked(call)
    if (folder := _state(call, raw)) is not None:
        yield from notes(folder, hide)
    if settings is not None:
        yield from _runs(settings, hide)


def _checked(call: Call) -> Member:
    checkup = check_up(call)
    found = as_json(list(checkup.rows), __version__, checkup.store, datetime.now(UTC))
    return document(_CHECK, "what `shopmaster check` has found", found, call.redaction.hide)


def _state(call: Call, raw: RawSettings) -> Path | None:
    """Return the store's state folder, even if other settings are wrong."""
    reader = SettingsReader.of(raw)
    store = reader.parsed("store", parse_store)
    if store is None:
        return None
    named = reader.path("state_folder", raw.file)
    return state_folder(raw.file, machine_wide_file(call.environment), store, named)


def _drivers() -> list[str]:
    try:
        return [str(driver) for driver in load_pyodbc().drivers()]
    except DatabaseError as error:
        return [str(error)]


def _parsed(call: Call, raw: RawSettings) -> Settings | None:
    try:
        settings = parse_settings(raw, with_storage=True)
    except AgentError:  # `check` tells it
        return None
    call.redaction.learn(settings.secrets)
    return settings


def _runs(settings: Settings, hide: Hide) -> Iterator[Member]:
    what = "how a run went: counts, ids of rejected products, and what Digible said about them"
    try:
        with closing(storage_for(settings)) as storage:
            for run in storage.runs(settings.store, _RUNS):
                yield document(f"runs/{run.run}.json", what, json.loads(encode_run(run)), hide)
    except AgentError as error:
        yield Member("runs/missing.txt", "why there are no run records", f"{hide(str(error))}\n")


SUPPORT = Command(
    name="support",
    add_arguments=_add_arguments,
    arguments=SupportArguments,
    run=_run,
)
