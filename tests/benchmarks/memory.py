"""How much memory the agent uses to export, and the function to deliver, many products."""

import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.sqlserver.driver import connection_string
from agent.sqlserver.login import Login, sql_login
from dev.azurite import ROOT
from dev.files import without_settings
from dev.processes import ProcessError, Server
from tests.benchmarks.table import Line, table
from tests.faults.catalogues import good
from tests.faults.stack import Stack
from tests.faults.trial import Trial
from tests.memory import Memory

SIZES = (100_000, 500_000)
AT_ONCE = (1, 17)
"""Runs: one, and as many as an instance gets at once: five blobs and twelve messages (host.json)."""

_CROWD = 50_000  # products of each of them
_LONGEST = 900.0


def measure_agent() -> str:
    """Export from the SQL Server stand-in through Microsoft's driver; return the measurements."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as made:
        for size in SIZES:
            arguments = [sys.executable, "-m", "tests.tds", "--rows", str(size)]
            with Server("SQL Server", arguments, ready="ready .*", directory=ROOT) as server:
                server.wait_until_ready(120)
                login = _login(server.output)
                plain = _peak(*_plain_export(login, Path(made)))
                ours = _peak(*_agent(login, Path(made)))
            lines += [
                Line(f"plain export, {size:,} rows", plain, "MB"),
                Line(f"`agent upload --output`, {size:,} rows", ours, "MB", plain),
            ]
    return table(
        "The agent's memory (peak, resident), exporting from the SQL Server stand-in", lines
    )


def _login(output: str) -> Login:
    found = re.search(r"ready server=(\S+) user=(\S+) password=(\S+)", output)
    assert found is not None
    server, user, password = found.groups()
    return sql_login(server, "Shop", user, password)


def _plain_export(login: Login, folder: Path) -> tuple[list[str], dict[str, str]]:
    script = [sys.executable, "-m", "tests.benchmarks.plain_export"]
    return [*script, str(folder / "plain.json.gz")], {"SHOP": connection_string(login, ())}


def _agent(login: Login, folder: Path) -> tuple[list[str], dict[str, str]]:
    settings = folder / "shopmaster.toml"
    settings.write_text(
        f'store = "0001"\n[database]\nserver = "{login.server}"\ndatabase = "Shop"\n'
        f'table = "Products"\nauthentication = "sql"\nusername = "{login.user}"\n',
        encoding="utf-8",
    )
    script = [sys.executable, "-m", "agent", "upload", "--config", str(settings)]
    environment = {"SHOPMASTER_DATABASE__PASSWORD": login.secrets[0]}
    return [*script, "--output", str(folder / "ours.json.gz")], environment


def measure_function() -> str:
    """Deliver catalogues through the host; return the measurements."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as made, Stack(Path(made)) as stack:
        trial = Trial(stack)
        idle = stack.start_host()
        with Memory(idle.pid) as memory:
            trial.pause(2)
        idle.stop()
        lines.append(Line("the host, idle", memory.megabytes, "MB"))
        for size in SIZES:
            lines += _delivered(trial, size)
        alone = 0.0
        for count in AT_ONCE:
            megabytes = _delivered_at_once(trial, count)
            words = f"{count} runs at once, {_CROWD:,} products each"
            lines.append(Line(words, megabytes, "MB", alone or None))
            alone = alone or megabytes
    return table("The function's memory (peak, resident), including the host's", lines)


def _delivered_at_once(trial: Trial, count: int) -> float:
    """Deliver that many catalogues of as many stores at once; return the host's peak in MB."""
    stack = trial.stack
    catalogues = [
        trial.drop(good(f"crowd{count}-{number}", _CROWD // 200)) for number in range(count)
    ]
    host = stack.spawn_host(at_once=2 * max(AT_ONCE))
    with Memory(host.pid) as memory:
        host.wait_until_ready(90)
        trial.until(
            lambda: all(map(stack.records.has_ended, catalogues)), "the deliveries", _LONGEST
        )
    host.stop()
    return memory.megabytes


def _delivered(trial: Trial, size: int) -> list[Line]:
    stack = trial.stack
    catalogue = trial.drop(good(f"store{size}", size // 200))
    script = [sys.executable, "-m", "tests.benchmarks.plain_delivery"]
    environment = {"CatalogStorage": stack.connection_string}
    plain = _peak([*script, catalogue.name, stack.digible.url], environment)
    host = stack.spawn_host()
    with Memory(host.pid) as memory:
        host.wait_until_ready(90)
        trial.until(lambda: stack.records.has_ended(catalogue), "the delivery", _LONGEST)
    host.stop()
    return [
        Line(f"plain delivery, {size:,} products", plain, "MB"),
        Line(f"the host, {size:,} products", memory.megabytes, "MB", plain),
    ]


def _peak(arguments: Sequence[str], environment: Mapping[str, str]) -> float:
    """Run a command to its end; return its peak in MB, or raise ProcessError if it fails."""
    whole = {**without_settings(os.environ), "PYTHONPATH": str(ROOT), **environment}
    process = Server(arguments[2], arguments, environment=whole, directory=ROOT)
    with Memory(process.pid) as memory:
        status = process.wait(_LONGEST)
    if status:
        raise ProcessError(f"{arguments[2]} ended with {status}: {process.output}")
    return memory.megabytes
