"""The local stack for tests: an Azurite for each test process, and `python -m dev …` as processes.

Test files get the fixtures through `pytest_plugins = ["tests.stack"]` in tests/conftest.py.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dev.azurite import ROOT, temporary_azurite
from dev.files import without_settings
from dev.processes import Server
from dev.storage import create_app_storage
from tests.loopback import python_path


@pytest.fixture(scope="session")
def azurite_connection() -> Iterator[str]:
    """Yield the connection string of an in-memory Azurite that runs until the test process ends."""
    with temporary_azurite() as connection_string:
        yield connection_string


@pytest.fixture
def storage(azurite_connection: str) -> str:
    """Return the same, with the containers and the queue that the app needs.

    All tests share it, so use a unique store name.
    """
    create_app_storage(azurite_connection)
    return azurite_connection


def start_dev(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    directory: Path = ROOT,
    seconds: float = 60,
) -> Server:
    """Start `python -m dev …` and wait for its `ready`; the end of a `with` block stops it.

    The process gets this one's environment without any settings of the app and the host, and
    `environment` in addition.
    """
    server = spawn_dev(*arguments, environment=environment, directory=directory)
    try:
        server.wait_until_ready(seconds)
    except BaseException:
        server.kill()
        raise
    return server


def spawn_dev(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    directory: Path = ROOT,
) -> Server:
    """Start `python -m dev …` without waiting for its `ready`."""
    return Server(
        f"python -m dev {arguments[0]}",
        [sys.executable, "-m", "dev", *arguments, "--until-input-closes"],
        environment={
            **without_settings(os.environ),
            "PYTHONPATH": python_path(ROOT),
            **(environment or {}),
        },
        directory=directory,
    )
