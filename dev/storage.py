"""`python -m dev storage`: runs Azurite with what the app needs, and writes how to reach it."""

import os
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from contract import blobs
from dev.azurite import Account, new_account, start_azurite
from dev.files import (
    TOKEN,
    read_environment,
    write_agent_settings,
    write_atomically,
    write_environment,
    write_local_settings,
)
from dev.lifetime import interrupt_when_asked_to_stop, say
from dev.ports import free_ports
from dev.processes import ProcessError, Server
from dev.tokens import local_expiry, local_token

_TOKEN_LIFE = timedelta(days=30)
_CONNECTION = re.compile(
    r"AccountName=(?P<name>[^;]+);AccountKey=(?P<key>[^;]+);"
    r"BlobEndpoint=http://127\.0\.0\.1:(?P<blob>\d+)/[^;]*;"
    r"QueueEndpoint=http://127\.0\.0\.1:(?P<queue>\d+)/[^;]*;"
    r"TableEndpoint=http://127\.0\.0\.1:(?P<table>\d+)/"
)


def run(data: Path, *, watch_input: bool) -> int:
    """Run the storage until asked to stop; return the exit status or raise ProcessError."""
    interrupt_when_asked_to_stop(watch_input=watch_input)
    try:
        data = data.resolve()
        (data / "azurite").mkdir(parents=True, exist_ok=True)
        account = _account_of(read_environment(data)) or new_account()
        with start_azurite(account, data / "azurite") as azurite:
            create_app_storage(account.connection_string)
            write_files(data, account, os.environ)
            say(f"Storage is up. Its settings are in {data}.")
            say("ready")
            _wait_while_alive(azurite)
    except KeyboardInterrupt:
        return 0
    return 1


def create_app_storage(connection_string: str) -> None:
    """Create the app's containers and queue where they are missing."""
    with BlobServiceClient.from_connection_string(connection_string) as service:
        for container in (blobs.CATALOGS, blobs.RUNS, blobs.LOCKS):
            try:
                service.create_container(container)
            except ResourceExistsError:
                continue
    with QueueServiceClient.from_connection_string(connection_string) as queues:
        try:
            queues.create_queue(blobs.RETRIES)
        except ResourceExistsError:
            return


def write_files(data: Path, account: Account, environment: Mapping[str, str]) -> None:
    """Write DIR/shopmaster.toml and DIR/environment; keep the Digible settings in `environment`."""
    users_token = environment.get("DIGIBLE_TOKEN_FILE")
    settings = {
        "CatalogStorage": account.connection_string,
        "AzureWebJobsStorage": account.connection_string,
        "AZURITE_GUARD_PORT": str(account.guard_port),
        "DIGIBLE_API_URL": environment.get("DIGIBLE_API_URL") or _stand_in_url(data),
        "DIGIBLE_TOKEN_FILE": str(
            Path(users_token).absolute() if users_token else _token_file(data)
        ),
    }
    write_agent_settings(
        data,
        account.connection_string,
        settings["DIGIBLE_API_URL"],
        settings["DIGIBLE_TOKEN_FILE"],
    )
    write_environment(data, settings)
    write_local_settings(data, settings)


def _account_of(settings: Mapping[str, str]) -> Account | None:
    """Return an earlier start's account, if any, so that processes still running can reconnect."""
    found = _CONNECTION.search(settings.get("CatalogStorage", ""))
    guard = settings.get("AZURITE_GUARD_PORT", "")
    if found is None or not guard.isdecimal():
        return None
    return Account(
        name=found["name"],
        key=found["key"],
        blob_port=int(found["blob"]),
        queue_port=int(found["queue"]),
        table_port=int(found["table"]),
        guard_port=int(guard),
    )


def _stand_in_url(data: Path) -> str:
    """Return the stand-in's address: the earlier one, unless that was on another machine."""
    earlier = read_environment(data).get("DIGIBLE_API_URL", "")
    if urlsplit(earlier).hostname == "127.0.0.1":
        return earlier
    return f"http://127.0.0.1:{free_ports(1)[0]}/v1"


def _token_file(data: Path) -> Path:
    """Return the path of the development token's file.

    Write a new token if there is none or it is about to expire.
    """
    path = data / TOKEN
    try:
        expiry = local_expiry(path.read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        expiry = datetime.min.replace(tzinfo=UTC)
    if expiry is not None and expiry < datetime.now(UTC) + timedelta(days=1):
        write_atomically(path, local_token(_TOKEN_LIFE) + "\n")
    return path


def _wait_while_alive(azurite: Server) -> None:
    while azurite.status is None:
        time.sleep(0.2)
    raise ProcessError(f"Azurite ended on its own with status {azurite.status}.\n{azurite.output}")
