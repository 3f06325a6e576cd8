"""`python -m dev storage` keeps its data and its ports, and writes down how to reach it."""

import json
import os
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import psutil
import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from agent.settings.file import read_settings
from agent.settings.parsing import parse_settings
from agent.token_store import TokenFile
from dev.azurite import new_account, start_azurite
from dev.files import read_environment, toml_string, write_environment
from dev.ports import free_ports, is_free
from dev.processes import ProcessError
from dev.storage import write_files
from dev.tokens import LOCAL_KEY, is_local_token, local_token
from tests.stack import start_dev


def names_of_blobs(data: Path) -> set[str]:
    connection_string = read_environment(data)["CatalogStorage"]
    with BlobServiceClient.from_connection_string(connection_string) as service:
        return {str(name) for name in service.get_container_client("catalogs").list_blob_names()}


def put_blobs(data: Path, count: int) -> set[str]:
    connection_string = read_environment(data)["CatalogStorage"]
    names = {f"0001/{number}.json" for number in range(count)}
    with BlobServiceClient.from_connection_string(connection_string) as service:
        for name in names:
            service.get_blob_client("catalogs", name).upload_blob(b"[]")
    return names


def test_storage_has_what_the_app_needs_and_says_where_it_is(tmp_path: Path) -> None:
    data = tmp_path / 'it\'s "here"'
    with start_dev("storage", "--data", data) as server:
        environment = read_environment(data)
        settings = tomllib.loads((data / "shopmaster.toml").read_text(encoding="utf-8"))
        connection_string = environment["CatalogStorage"]
        with BlobServiceClient.from_connection_string(connection_string) as blobs:
            assert {item.name for item in blobs.list_containers()} == {"catalogs", "runs", "locks"}
        with QueueServiceClient.from_connection_string(connection_string) as queues:
            assert {item.name for item in queues.list_queues()} == {"catalog-retries"}
        assert connection_string not in " ".join(psutil.Process(server.pid).cmdline())
    assert server.status == 0
    assert settings == {
        "store": "0001",
        "database": {"sqlite": str(data / "shop.db"), "table": "Products"},
        "storage": {"connection_string": connection_string},
        "digible": {
            "api_url": environment["DIGIBLE_API_URL"],
            "token_file": environment["DIGIBLE_TOKEN_FILE"],
        },
    }
    of_agent = parse_settings(read_settings(data / "shopmaster.toml", {}), with_storage=True)
    assert of_agent.tokens == TokenFile(Path(environment["DIGIBLE_TOKEN_FILE"]))
    assert of_agent.digible_url == environment["DIGIBLE_API_URL"]
    assert environment["AzureWebJobsStorage"] == connection_string
    assert environment["DIGIBLE_API_URL"].startswith("http://127.0.0.1:")
    token = Path(environment["DIGIBLE_TOKEN_FILE"]).read_text(encoding="utf-8").strip()
    assert is_local_token(token)
    core_tools = json.loads((data / "local.settings.json").read_text(encoding="utf-8"))
    assert core_tools["IsEncrypted"] is False
    assert core_tools["Values"] == {"FUNCTIONS_WORKER_RUNTIME": "python", **environment}
    assert "DIGIBLE_TOKEN" not in environment


def test_restarted_storage_has_the_same_address_and_data(tmp_path: Path) -> None:
    with start_dev("storage", "--data", tmp_path) as server:
        before, names = read_environment(tmp_path), put_blobs(tmp_path, 20)
        server.terminate()
        assert server.wait(20) == 0
    with start_dev("storage", "--data", tmp_path):
        assert read_environment(tmp_path) == before
        assert names_of_blobs(tmp_path) == names


def test_killed_storage_loses_nothing(tmp_path: Path) -> None:
    with start_dev("storage", "--data", tmp_path) as server:
        before, names = read_environment(tmp_path), put_blobs(tmp_path, 50)
        server.kill()
    with start_dev("storage", "--data", tmp_path):
        assert read_environment(tmp_path) == before
        assert names_of_blobs(tmp_path) == names


def test_a_second_storage_with_the_same_data_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = new_account()
    monkeypatch.setattr("dev.azurite.SECONDS_TO_COME_FREE", 0.2)
    with (
        start_azurite(account, tmp_path),
        pytest.raises(ProcessError, match="already running"),
    ):
        start_azurite(account, tmp_path)


def test_digible_settings_in_the_environment_are_kept(tmp_path: Path) -> None:
    users = {"DIGIBLE_API_URL": "https://digible.example/v1", "DIGIBLE_TOKEN_FILE": "/my/token"}
    write_files(tmp_path, new_account(), {**users, "DIGIBLE_TOKEN": "secret"})
    written = read_environment(tmp_path)
    assert users.items() <= written.items()
    assert "secret" not in (tmp_path / "environment").read_text(encoding="utf-8")
    assert not (tmp_path / "digible-token").exists()


def test_a_remote_digible_is_not_kept_as_the_stand_ins_address(tmp_path: Path) -> None:
    write_files(tmp_path, new_account(), {"DIGIBLE_API_URL": "https://digible.example/v1"})
    write_files(tmp_path, new_account(), {})
    ours = read_environment(tmp_path)["DIGIBLE_API_URL"]
    assert ours.startswith("http://127.0.0.1:")
    write_files(tmp_path, new_account(), {})
    assert read_environment(tmp_path)["DIGIBLE_API_URL"] == ours


@pytest.mark.parametrize(
    ("token", "is_kept"),
    [
        pytest.param(local_token(timedelta(days=20)), True, id="still valid"),
        pytest.param(local_token(timedelta(hours=1)), False, id="about to expire"),
        pytest.param("somebody's own", True, id="not local"),
        pytest.param(
            jwt.encode({"exp": 1}, "x" * 32, algorithm="HS256"), True, id="not local, expired"
        ),
    ],
)
def test_a_local_token_is_renewed_before_it_expires(
    tmp_path: Path, token: str, is_kept: bool
) -> None:
    (tmp_path / "digible-token").write_text(token, encoding="utf-8")
    write_files(tmp_path, new_account(), {})
    assert ((tmp_path / "digible-token").read_text(encoding="utf-8") == token) is is_kept


def test_a_new_token_lasts_thirty_days(tmp_path: Path) -> None:
    write_files(tmp_path, new_account(), {})
    token = (tmp_path / "digible-token").read_text(encoding="utf-8").strip()
    claims = jwt.decode(token, LOCAL_KEY, algorithms=["HS256"])
    assert timedelta(days=29) < datetime.fromtimestamp(claims["exp"], UTC) - datetime.now(UTC)


def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    write_files(tmp_path, new_account(), {})
    if sys.platform != "win32":  # on Windows the folder's permissions apply
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        assert set(modes.values()) == {0o600}, modes
    assert {path.name for path in tmp_path.iterdir()} == {
        "environment",
        "shopmaster.toml",
        "local.settings.json",
        "digible-token",
    }


def test_an_account_does_not_show_its_key() -> None:
    account = new_account()
    assert account.key not in repr(account)


def test_values_with_an_equals_sign_are_read_whole(tmp_path: Path) -> None:
    write_environment(tmp_path, {"A": "b=c;d=e==", "EMPTY": ""})
    assert read_environment(tmp_path) == {"A": "b=c;d=e==", "EMPTY": ""}
    assert read_environment(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    "text", ["C:\\Users\\x", 'with "quotes"', "tab\tnewline\n", "\x7f\x00\x1f", "é 漢 😀", ""]
)
def test_any_text_can_be_a_toml_string(text: str) -> None:
    assert tomllib.loads(f"value = {toml_string(text)}") == {"value": text}


def test_ports_are_free_and_below_those_of_outgoing_connections() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(port < 32_768 for port in ports)
    assert any(is_free(port) for port in ports)


def test_a_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ProcessError, match="file"):
        start_dev("storage", "--data", tmp_path / "file" / "data")
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208  names are enough
