"""The command `check`: everything that a nightly upload needs, one row each."""

import argparse
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from agent import __version__
from agent.checking.report import as_json, described, exit_code, signs_for, summary
from agent.checking.row import Mark, Row
from agent.command_line.checkup import Checkup, check_up
from agent.command_line.command import Call, Command
from agent.errors import ExitCode

_COLOURS = {Mark.OK: "green", Mark.WARNING: "yellow", Mark.FAILED: "red", Mark.NOT_CHECKED: "dim"}


@dataclass(frozen=True, slots=True)
class CheckArguments:
    """What the user asked for."""

    json: bool


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document, for programs")


def _run(call: Call, arguments: CheckArguments) -> ExitCode:
    checkup = check_up(call)
    rows = list(checkup.rows) if arguments.json else _shown(checkup)
    if arguments.json:
        document = as_json(rows, __version__, checkup.store, datetime.now(UTC))
        print(json.dumps(document, ensure_ascii=False, indent=2))
    return exit_code(rows)


def _shown(checkup: Checkup) -> list[Row]:
    """Print each row as soon as it is known."""
    # Imported late: it isn't needed for JSON.
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False, soft_wrap=True)
    signs = signs_for(sys.stdout.encoding)
    rows: list[Row] = []
    for row in checkup.rows:
        rows.append(row)
        if row.mark is Mark.NOT_CHECKED and rows[0].mark is Mark.FAILED:
            continue  # without settings, that is nearly all; the last line says how many
        text = Text(described(row, signs))
        text.stylize(_COLOURS[row.mark], 0, len(signs.marks[row.mark]))
        console.print(text)
    print("", summary(rows), sep="\n")
    return rows


CHECK = Command(
    name="check",
    add_arguments=_add_arguments,
    arguments=CheckArguments,
    run=_run,
)
