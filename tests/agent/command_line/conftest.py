"""The fixtures of the tests of commands."""

import os
import uuid
from pathlib import Path

import pytest

from contract.blobs import StoreName
from tests.agent.command_line.scene import Shop
from tests.agent.shops import clean_environment


@pytest.fixture
def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shop:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.setattr("agent.settings.file.machine_wide_file", lambda _: tmp_path / "no.toml")
    monkeypatch.chdir(tmp_path)
    return Shop(StoreName(uuid.uuid4().hex), tmp_path, capsys)


@pytest.fixture
def online(shop: Shop, storage: str, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a shop with a storage account."""
    monkeypatch.setenv("SHOPMASTER_STORAGE__CONNECTION_STRING", storage)
    return shop
