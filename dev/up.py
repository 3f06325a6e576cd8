"""`python -m dev up`: runs storage, host and Digible stand-in together, each in its own process."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dev.files import read_environment
from dev.lifetime import interrupt_when_asked_to_stop, say
from dev.processes import ProcessError, Server

TIME_FACTOR = 0.02
"""So quick is the host for a person at the screen; `python -m dev up --help` says what that means."""

_TOKEN_SETTINGS = ("DIGIBLE_TOKEN", "DIGIBLE_TOKEN_FILE", "KEY_VAULT_URL")


def run(data: Path, *, watch_input: bool) -> int:
    """Run the local stack until asked to stop; return the exit status or raise ProcessError."""
    interrupt_when_asked_to_stop(watch_input=watch_input)
    try:
        with stack(data.resolve(), os.environ) as servers:
            say("ready")
            _wait_while_all_live(servers)
    except KeyboardInterrupt:
        return 0
    return 1


@contextmanager
def stack(data: Path, environment: Mapping[str, str]) -> Iterator[list[Server]]:
    """Start the local stack's servers in order; yield them once all are ready, then stop them.

    Raise ProcessError if one doesn't start.
    """
    with ExitStack() as servers:
        storage = servers.enter_context(_start("storage", ["--data", str(data)], environment))
        storage.wait_until_ready()
        settings = settings_of_stack(read_environment(data), environment)
        started = [storage]
        if not environment.get("DIGIBLE_API_URL"):
            started.append(
                servers.enter_context(_start("digible", ["--data", str(data)], settings))
            )
        quick = ["--time-factor", str(TIME_FACTOR)]
        started.append(servers.enter_context(_start("host", quick, settings)))
        for server in started[1:]:
            server.wait_until_ready()
        yield started


def settings_of_stack(written: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for host and stand-in: what the storage wrote, then what the user set.

    What the user set wins, except that the storage accounts are always the local stack's own. A
    token that the user sets replaces the development token.
    """
    ours = dict(written)
    if any(environment.get(name) for name in _TOKEN_SETTINGS):
        ours.pop("DIGIBLE_TOKEN_FILE", None)
    users = {name: value for name, value in environment.items() if value or name not in written}
    storage = {name: written[name] for name in written if name.endswith("Storage")}
    return {**ours, **users, **storage}


def _start(command: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Server:
    return Server(
        command,
        [sys.executable, "-m", "dev", command, *arguments, "--until-input-closes"],
        environment=environment,
        on_line=say,
        keep_stderr=False,
    )


def _wait_while_all_live(servers: Sequence[Server]) -> None:
    while True:
        for server in servers:
            if server.status is not None:
                raise ProcessError(
                    f"{server.name} ended on its own with status {server.status}; "
                    "the rest of the local stack was stopped."
                )
        time.sleep(0.2)
