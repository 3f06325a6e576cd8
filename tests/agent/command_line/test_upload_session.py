"""`upload` runs alone on a computer, leaves a note of how it ended, and writes down what was rejected."""

import csv
import json
from pathlib import Path

import pytest

from agent.command_line.main import main
from agent.following import Follower, _Watcher
from agent.lock import Lock
from agent.showing import shown_run
from agent.state import LastRun, last_run
from contract.product import Rejection, Stage
from contract.run import RunState
from tests.agent.command_line.scene import Shop, ends_as, stored
from tests.agent.function_stand_in import function_that_answers
from tests.agent.shops import make_run, products

REJECTED = tuple(
    Rejection(f"=P{row}", row, Stage.CATALOG, "SellPrice is missing – é") for row in range(1, 15)
)
WITH_REJECTIONS = ends_as(
    RunState.COMPLETED_WITH_REJECTIONS,
    message="14 of 20 products were rejected.",
    read=20,
    accepted=6,
    rejected=14,
    rejections=REJECTED,
)


def note_of(shop: Shop) -> LastRun:
    """Return the note of how the last upload ended."""
    ended = last_run(shop.notes)
    assert ended is not None
    return ended


def lines_of(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.reader(text, delimiter="\t"))


def test_a_second_upload_is_refused_and_leaves_the_note_of_the_first(
    online: Shop, storage: str
) -> None:
    online.sell(*products(3))
    with Lock(online.notes):
        code, error = online.error()
    assert code == 1
    assert "Another upload of this store is running on this computer (process " in error
    assert last_run(online.notes) is None
    assert stored(storage, online.store) == []
    assert online.run("--no-wait")[0] == 0


@pytest.mark.parametrize("option", [["--dry-run"], ["--output", "out.json"]])
def test_what_uploads_nothing_needs_not_be_alone_and_leaves_no_note(
    shop: Shop, option: list[str]
) -> None:
    shop.sell(*products(3))
    with Lock(shop.notes):
        assert shop.run(*option)[0] == 0
    assert last_run(shop.notes) is None


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (RunState.SUCCEEDED, 0),
        (RunState.COMPLETED_WITH_REJECTIONS, 4),
        (RunState.FAILED, 1),
        (RunState.SESSION_EXPIRED, 3),
    ],
)
def test_the_outcome_is_noted(online: Shop, storage: str, state: RunState, code: int) -> None:
    online.sell(*products(3))
    with function_that_answers(storage, online.store, ends_as(state, message="Words.")):
        assert online.run()[0] == code
    ended = note_of(online)
    assert (ended.exit_code, ended.state, ended.message) == (code, state, "Words.")
    assert ended.run is not None
    assert (ended.succeeded_at == ended.ended_at) is (code in {0, 4})


def test_a_failure_before_the_run_is_noted_with_its_reason(online: Shop) -> None:
    online.sell()
    online.run()
    assert note_of(online).exit_code == 1
    assert note_of(online).message.startswith("The table has no rows")
    assert note_of(online).run is None


def test_no_outcome_in_time_is_noted_with_the_run(online: Shop) -> None:
    online.sell(*products(3))
    assert online.run("--timeout", "0.2s")[0] == 5
    assert (note_of(online).exit_code, note_of(online).state) == (5, None)
    assert note_of(online).run is not None


def test_not_to_wait_is_noted_without_an_outcome(online: Shop) -> None:
    online.sell(*products(3))
    assert online.run("--no-wait")[0] == 0
    assert (note_of(online).exit_code, note_of(online).state) == (0, None)
    assert note_of(online).succeeded_at is None


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "stop",
    [
        ("agent.command_line.uploading.write_products", "Nothing was uploaded", False),
        ("agent.command_line.uploading.upload_catalog", "Nothing was uploaded", False),
        ("agent.kept_catalogs.KeptCatalogs.keep", "its run goes on in the cloud", True),
        ("agent.following.Follower._watch", "its run goes on in the cloud", True),
    ],
)
def test_ctrl_c_says_where_things_stand_and_is_noted(
    online: Shop, storage: str, monkeypatch: pytest.MonkeyPatch, stop: tuple[str, str, bool]
) -> None:
    place, says, has_run = stop
    online.sell(*products(3))
    with monkeypatch.context() as patched:
        patched.setattr(place, interrupted)
        code, out, err = online.run()
    assert (code, out) == (130, "")
    assert says in err
    assert len(stored(storage, online.store)) == has_run
    assert note_of(online).exit_code == 130
    assert says in note_of(online).message
    assert (note_of(online).run is not None) is has_run
    assert online.run("--no-wait")[0] == 0


def test_ctrl_c_while_following_says_how_far_it_was(
    online: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped_later(_: Follower, watcher: _Watcher, *__: object) -> None:
        waits = {"message": "Digible is away.", "read": 1_000, "accepted": 400}
        watcher.see(make_run(RunState.WAITING, **waits))
        raise KeyboardInterrupt

    online.sell(*products(3))
    monkeypatch.setattr(Follower, "_watch", stopped_later)
    code, _, err = online.run()
    assert code == 130
    assert "So far 400 of 1,000 products were accepted" in err
    assert "Digible is away." in err


def test_an_unexpected_error_is_noted_without_its_details(
    online: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret")

    online.sell(*products(1))
    monkeypatch.setattr("agent.command_line.uploading.write_products", failing)
    assert online.run()[0] == 1
    assert "ZeroDivisionError" in note_of(online).message
    assert "secret" not in note_of(online).message


def test_an_outcome_that_nobody_reads_is_noted_all_the_same(
    online: Shop, monkeypatch: pytest.MonkeyPatch, storage: str
) -> None:
    def nobody(*_: object) -> None:
        raise BrokenPipeError

    online.sell(*products(1))
    monkeypatch.setattr("agent.command_line.upload.report", nobody)
    with function_that_answers(storage, online.store, WITH_REJECTIONS):
        assert online.run()[0] == 1
    note = note_of(online)
    assert (note.exit_code, note.message) == (4, "14 of 20 products were rejected.")


def test_notes_that_cannot_be_written_stop_the_upload_and_say_what_to_do(
    online: Shop, storage: str
) -> None:
    online.sell(*products(1))
    (online.folder / ".shopmaster").write_text("in the way", encoding="utf-8")
    code, error = online.error()
    assert code == 1
    assert "`state_folder` in the settings" in error
    assert stored(storage, online.store) == []


def test_the_settings_may_name_the_folder_for_notes(
    online: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    online.sell(*products(1))
    monkeypatch.setenv("SHOPMASTER_STATE_FOLDER", "notes")
    assert online.run("--no-wait")[0] == 0
    assert last_run(online.folder / "notes" / online.store) is not None
    assert not online.notes.exists()


# What was rejected.


def test_the_first_ten_rejections_are_shown_and_all_are_written_to_the_file(
    online: Shop, storage: str
) -> None:
    online.sell(*products(20))
    with function_that_answers(storage, online.store, WITH_REJECTIONS):
        code, out, _ = online.run("--rejections", "rejected.csv")
    assert code == 4
    assert out.count("SellPrice is missing") == 10
    assert "  … and 4 more" in out
    run = note_of(online).run
    assert f"  The rest: shopmaster status {shown_run(run or '')}\n" in out
    assert "Rejected products written to rejected.csv: 14." in out
    lines = lines_of(online.folder / "rejected.csv")
    assert len(lines) == 15
    assert lines[1] == ["1", "'=P1", "check before sending", "SellPrice is missing – é"]


def test_the_file_is_written_when_nothing_was_rejected_so_that_no_old_one_misleads(
    online: Shop, storage: str
) -> None:
    online.sell(*products(1))
    (online.folder / "rejected.csv").write_text("of last week", encoding="utf-8")
    with function_that_answers(storage, online.store, ends_as(RunState.SUCCEEDED)):
        assert online.run("--rejections", "rejected.csv")[0] == 0
    assert len(lines_of(online.folder / "rejected.csv")) == 1


def test_a_dry_run_writes_what_would_be_rejected(shop: Shop) -> None:
    shop.sell(*products(2), ("P0003", "Tea", None))
    assert shop.run("--dry-run", "--rejections", "rejected.csv")[0] == 4
    lines = lines_of(shop.folder / "rejected.csv")
    assert lines[1:] == [["3", "P0003", "check before sending", "SellPrice is missing"]]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-wait", "--rejections", "rejected.csv"],
        ["--output", "out.json", "--rejections", "rejected.csv"],
        ["--rejections", "missing/rejected.csv"],
        ["--rejections", "."],
    ],
)
def test_a_file_that_could_not_be_written_is_refused_before_anything_is_read(
    online: Shop, storage: str, arguments: list[str]
) -> None:
    online.sell(*products(1))
    code, error = online.error(*arguments)
    assert code == 2
    assert "--rejections" in error
    assert stored(storage, online.store) == []


def test_the_note_contains_no_secret(
    online: Shop, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    online.sell(*products(1))
    key = "Hush+Hush/0815="
    monkeypatch.setenv(
        "SHOPMASTER_STORAGE__CONNECTION_STRING",
        f"AccountName=x;AccountKey={key};BlobEndpoint=http://127.0.0.1:9/x",
    )
    monkeypatch.setattr("agent.storage.service._PATIENCE", 0.0)
    monkeypatch.setattr("agent.storage.service._PAUSES", (0.0,))
    main(["upload"])
    for path in online.notes.rglob("*"):
        assert path.is_dir() or b"Hush" not in path.read_bytes()
    assert json.loads((online.notes / "last-run.json").read_bytes())["exit_code"] == 1
