"""Runs Microsoft's analyser of Kusto queries over all queries at once."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.azurite import find_node
from dev.setup.kusto import MODULES
from tests.infra.queries.table import CUSTOM_EVENTS

_SCRIPT = Path(__file__).with_name("analyse.cjs")


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the analyser says about one query."""

    problems: tuple[str, ...]
    """Errors, warnings and hints, with their lines."""

    columns: Mapping[str, str]
    """The result's columns with their types, in order."""


def analyse(queries: Mapping[str, str]) -> dict[str, Analysis]:
    """Analyse queries by name against the table customEvents."""
    columns = ", ".join(f"{name}: {kind}" for name, kind in CUSTOM_EVENTS.items())
    asked = {
        "modules": str(MODULES),
        "tables": {"customEvents": f"({columns})"},
        "queries": dict(queries),
    }
    done = subprocess.run(
        [find_node(), _SCRIPT],
        input=json.dumps(asked),
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    return {
        name: Analysis(tuple(said["problems"]), said["columns"])
        for name, said in json.loads(done.stdout).items()
    }
