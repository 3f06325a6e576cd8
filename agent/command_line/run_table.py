"""The store's latest runs as a table of 80 columns, and as JSON."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.showing import local_time, shown
from agent.state import LastRun
from contract.blobs import StoreName
from contract.run import Run, RunState
from contract.run_record import encode_run, stamp

if TYPE_CHECKING:
    from rich.text import Text

JSON_VERSION = 1
_WIDTH = 80
_WORDS = {
    RunState.SENDING: ("sending", "cyan"),
    RunState.WAITING: ("waiting", "yellow"),
    RunState.SUCCEEDED: ("succeeded", "green"),
    RunState.COMPLETED_WITH_REJECTIONS: ("with rejections", "yellow"),
    RunState.FAILED: ("failed", "red"),
    RunState.SESSION_EXPIRED: ("session expired", "red"),
    RunState.INVALID_CATALOG: ("invalid catalogue", "red"),
    RunState.SUPERSEDED: ("superseded", ""),
}
"""What a state is called in the table, and its colour."""


def print_table(runs: Sequence[Run]) -> None:
    """Print a line for each run: when it began, its id without what no two have in common, how it is."""
    # Imported late: most commands have no table.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False)
    console.width = min(console.width, _WIDTH)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Began", no_wrap=True)
    table.add_column("Run", overflow="fold")
    table.add_column("State", no_wrap=True)
    table.add_column("Accepted", no_wrap=True, justify="right")
    for run in runs:
        table.add_row(*_cells(run))
    console.print(table)


def _cells(run: Run) -> tuple["Text", ...]:
    """Return a run's cells as Text, in which nothing is markup."""
    from rich.text import Text  # noqa: PLC0415  as above

    word, colour = _WORDS[run.state]
    return (
        Text(local_time(run.started_at)),
        Text(shown(run.run.rpartition(".")[0] or run.run, 60)),
        Text(word, style=colour),
        Text(f"{run.accepted:,} of {run.read:,}"),
    )


def as_json(store: StoreName, runs: Sequence[Run], last: LastRun | None) -> str:
    """Return the runs' records, and how the last upload from this computer ended; docs/agent.md says more."""
    status = {
        "version": JSON_VERSION,
        "store": store,
        "last_run_here": last and _last_run(last),
        "runs": [json.loads(encode_run(run)) for run in runs],
    }
    return json.dumps(status, indent=2)


def _last_run(last: LastRun) -> dict[str, object]:
    return {
        "run": last.run,
        "state": last.state,
        "exit_code": last.exit_code,
        "message": last.message,
        "ended_at": stamp(last.ended_at),
        "succeeded_at": last.succeeded_at and stamp(last.succeeded_at),
    }
