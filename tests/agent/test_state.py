"""The agent's notes on this computer: where they are, and how the last upload ended."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import AgentError
from agent.state import LastRun, last_run, note_last_run, state_folder, writing_to
from contract.blobs import RunId, StoreName
from contract.run import RunState

STORE = StoreName("0001")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENDED = LastRun(NOW, 4, "Two of 5 products…", RunId("x.1"), RunState.COMPLETED_WITH_REJECTIONS, NOW)


@pytest.fixture
def machine_wide(tmp_path: Path) -> Path:
    return tmp_path / "shopMaster" / "shopmaster.toml"


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_machine_wide_settings_have_their_notes_beside_them(
    machine_wide: Path, platform: str
) -> None:
    found = state_folder(machine_wide, machine_wide, STORE, platform=platform)
    assert found == machine_wide.parent / "state" / "0001"


def test_machine_wide_settings_on_linux_have_their_notes_where_linux_keeps_such(
    machine_wide: Path,
) -> None:
    found = state_folder(machine_wide, machine_wide, STORE, platform="linux")
    assert found == Path("/var/lib/shopmaster/0001")


def test_any_other_settings_file_has_a_folder_beside_it(
    machine_wide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    beside = tmp_path / ".shopmaster" / "0001"
    assert state_folder(tmp_path / "mine.toml", machine_wide, STORE) == beside
    assert state_folder(Path("mine.toml"), machine_wide, STORE) == beside
    assert state_folder(None, machine_wide, STORE) == beside


def test_the_settings_may_name_the_folder(machine_wide: Path, tmp_path: Path) -> None:
    found = state_folder(machine_wide, machine_wide, STORE, tmp_path / "notes")
    assert found == tmp_path / "notes" / "0001"


def test_how_the_last_upload_ended_is_noted(tmp_path: Path) -> None:
    assert last_run(tmp_path) is None
    for ended in (ENDED, LastRun(NOW, 1, "It failed.")):
        note_last_run(tmp_path, ended)
        assert last_run(tmp_path) == ended
    assert [path.name for path in tmp_path.iterdir()] == ["last-run.json"]


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"null", b'{"version": 2}', b'{"version": 1}', b"\xff", b"[" * 100_000],
)
def test_a_damaged_note_counts_as_none(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "last-run.json").write_bytes(damage)
    assert last_run(tmp_path) is None


def test_a_note_with_a_wrong_value_counts_as_none(tmp_path: Path) -> None:
    note_last_run(tmp_path, ENDED)
    file = tmp_path / "last-run.json"
    file.write_bytes(file.read_bytes().replace(b"completed_with_rejections", b"completed"))
    assert last_run(tmp_path) is None


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AgentError, match="state_folder") as raised, writing_to(tmp_path / "file"):
        raise AssertionError
    assert str(tmp_path / "file") in raised.value.cause
