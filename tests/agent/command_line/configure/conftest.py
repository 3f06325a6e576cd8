"""The fixtures of the tests of `configure`."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.command_line.configure.installer import TABLE, Installer
from tests.agent.shops import clean_environment
from tests.tds import SqlServerStandIn


@pytest.fixture
def server() -> Iterator[SqlServerStandIn]:
    with SqlServerStandIn([TABLE]) as stand_in:
        yield stand_in


@pytest.fixture
def installer(
    tmp_path: Path,
    storage: str,
    server: SqlServerStandIn,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Installer:
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    wide = tmp_path / "nowhere" / "no.toml"
    wide.parent.touch()
    monkeypatch.setattr("agent.settings.file.machine_wide_file", lambda *_: wide)
    monkeypatch.setattr("agent.configuring.sources.may_write", lambda *_: False)
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    store = uuid.uuid4().hex
    return Installer(store, tmp_path / "shop", storage, server, monkeypatch, capsys)
