"""The fixtures of the tests of `login`."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from agent.command_line import login as login_module
from contract.blobs import StoreName
from dev.digible.stand_in import DigibleStandIn
from tests.agent.command_line.login.shop import Person, Shop
from tests.agent.shops import clean_environment


@pytest.fixture
def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shop]:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("agent.settings.file.machine_wide_file", lambda _: tmp_path / "no.toml")
    with DigibleStandIn() as digible:
        found = Shop(StoreName(uuid.uuid4().hex), tmp_path, digible, capsys, monkeypatch)
        found.settings()
        yield found


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Person]:
    def sits_there(*answers: str | BaseException) -> Person:
        person = Person(list(answers))
        monkeypatch.setattr(login_module, "Console", lambda: person)
        monkeypatch.setattr(login_module, "has_terminal", lambda: True)
        return person

    return sits_there


@pytest.fixture
def service(shop: Shop, storage: str) -> BlobServiceClient:
    shop.settings(f'[storage]\nconnection_string = "{storage}"\n[digible]\ntoken_file = "token"\n')
    return BlobServiceClient.from_connection_string(storage)
