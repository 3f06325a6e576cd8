"""`python -m dev up` starts the whole local stack and leaves nothing behind."""

import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from dev.files import read_environment
from dev.processes import ProcessError, Server, wait_for
from dev.up import settings_of_stack
from tests.stack import start_dev


def family(server: Server) -> list[psutil.Process]:
    """Return the server's process and all its descendants."""
    process = psutil.Process(server.pid)
    return [process, *process.children(recursive=True)]


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(map(is_alive, processes))


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two calls
        return False


def member(server: Server, command: str) -> psutil.Process:
    return next(process for process in family(server) if command in command_line(process))


def command_line(process: psutil.Process) -> list[str]:
    """Return the process's command line, empty once it has ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Server]:
    with start_dev("up", "--data", tmp_path, seconds=120) as server:
        yield server


def test_the_stack_becomes_ready_and_leaves_nothing_behind(up: Server, tmp_path: Path) -> None:
    digible = urlsplit(read_environment(tmp_path)["DIGIBLE_API_URL"])
    with urllib.request.urlopen(f"http://{digible.netloc}/control/products", timeout=10) as answer:
        assert answer.status == 200
    processes = family(up)
    assert len(processes) >= 5, processes  # itself, storage and Azurite, host, stand-in
    if sys.platform == "win32":
        up.stop()
    else:
        up.terminate()
    assert up.wait(40) == 0
    assert wait_for(lambda: all_gone(processes), 10), processes


def test_a_killed_stack_leaves_nothing_behind(up: Server) -> None:
    processes = family(up)
    up.kill()
    assert wait_for(lambda: all_gone(processes), 40), processes


def test_if_one_server_dies_the_stack_names_it_and_ends(up: Server) -> None:
    processes = family(up)
    member(up, "digible").kill()
    assert up.wait(40) == 1
    assert "digible ended on its own" in up.output
    assert wait_for(lambda: all_gone(processes), 10), processes


def test_an_app_that_does_not_start_ends_the_stack(tmp_path: Path) -> None:
    wrong = {"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "soon"}
    with pytest.raises(ProcessError, match="visibilityTimeout") as raised:
        start_dev("up", "--data", tmp_path, environment=wrong)
    assert "host ended before it was ready" in str(raised.value)
    assert "Traceback" not in str(raised.value)


def test_wrong_settings_of_the_app_are_named_at_its_start(tmp_path: Path) -> None:
    with start_dev("up", "--data", tmp_path, environment={"DIGIBLE_CONCURRENCY": "many"}) as up:
        assert "DIGIBLE_CONCURRENCY must be a number from 1 to 16." in up.output


WRITTEN = {
    "CatalogStorage": "local",
    "AzureWebJobsStorage": "local",
    "DIGIBLE_API_URL": "http://127.0.0.1:1/v1",
    "DIGIBLE_TOKEN_FILE": "local token",
}


def test_the_users_digible_settings_win() -> None:
    users = {"DIGIBLE_API_URL": "https://digible.example", "DIGIBLE_CONCURRENCY": "4"}
    settings = settings_of_stack(WRITTEN, users)
    assert users.items() <= settings.items()
    assert settings["DIGIBLE_TOKEN_FILE"] == "local token"


@pytest.mark.parametrize("name", ["DIGIBLE_TOKEN", "KEY_VAULT_URL"])
def test_the_users_token_replaces_the_development_token(name: str) -> None:
    settings = settings_of_stack(WRITTEN, {name: "the user's"})
    assert settings[name] == "the user's"
    assert "DIGIBLE_TOKEN_FILE" not in settings


def test_the_storage_is_always_the_stacks_own() -> None:
    settings = settings_of_stack(WRITTEN, {"CatalogStorage": "cloud", "DIGIBLE_API_URL": ""})
    assert settings["CatalogStorage"] == "local"
    assert settings["DIGIBLE_API_URL"] == "http://127.0.0.1:1/v1"
