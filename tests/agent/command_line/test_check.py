"""The command `check` as a shop owner and a program see it."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient
from jsonschema import Draft202012Validator

from agent.checking.report import PLAIN, as_json
from agent.checking.row import Mark, Row, Subject
from agent.command_line.checkup import check_up
from agent.command_line.command import Call
from agent.command_line.redaction import Redaction
from contract.blobs import RUNS, StoreName, run_record_name
from contract.run import RunState
from contract.run_record import encode_run
from tests.agent.command_line.scene import Shop, stored
from tests.agent.shops import make_run, products

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "schemas" / "check.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.fixture
def ready(online: Shop) -> Shop:
    """Return a shop that could upload, with a token in a file."""
    online.sell(*products(3))
    text = (online.folder / "shopmaster.toml").read_text("utf-8")
    online.settings(f'{text}[digible]\ntoken_file = "token"\n')
    (online.folder / "token").write_text("not-a-jwt-but-a-token\n", "utf-8")
    return online


def check(shop: Shop, *arguments: str) -> tuple[int, str, str]:
    return shop.run(*arguments, command="check")


def rows_of(shop: Shop) -> dict[str, dict[str, Any]]:
    """Run `check --json`, and return its rows by their keys."""
    code, out, _ = check(shop, "--json")
    document = json.loads(out)
    VALIDATOR.validate(document)
    assert document["exit_code"] == code
    return {row["key"]: row for row in document["rows"]}


def put_run(connection_string: str, store: StoreName, state: RunState) -> None:
    """Put the record of a run into the account."""
    now = datetime.now(UTC)
    run = make_run(state, store=store, started_at=now, updated_at=now, read=3, accepted=3)
    with BlobServiceClient.from_connection_string(connection_string) as service:
        record = service.get_blob_client(RUNS, run_record_name(store, run.run))
        record.upload_blob(encode_run(run))


def test_a_shop_that_can_upload_has_only_good_rows_but_for_its_schedule(
    ready: Shop, storage: str
) -> None:
    put_run(storage, ready.store, RunState.SUCCEEDED)
    rows = rows_of(ready)
    assert list(rows) == [subject.key for subject in Subject]
    assert {key for key, row in rows.items() if row["mark"] != "ok"} <= {"schedule"}
    assert rows["settings"]["finding"] == f"{ready.folder / 'shopmaster.toml'}, store {ready.store}"
    assert rows["products"]["finding"] == "3 products, each with an id of its own"
    assert "3 of 3 accepted" in rows["last_run"]["finding"]


def test_checking_leaves_no_catalogue_and_no_file_but_its_log(ready: Shop, storage: str) -> None:
    before = {path for path in ready.folder.rglob("*") if path.is_file()}
    rows_of(ready)
    after = {path for path in ready.folder.rglob("*") if path.is_file()}
    assert {path.name for path in after - before} <= {"shopmaster.log"}
    assert stored(storage, ready.store) == []


def test_a_person_reads_lines_with_marks_and_a_summary(ready: Shop) -> None:
    code, out, err = check(ready)
    assert code == 0
    assert err == ""
    assert "✓ Products          3 products, each with an id of its own" in out.splitlines()
    assert "! Last run          There has been no run yet." in out.splitlines()
    assert "Products can be uploaded." in out.splitlines()[-1]
    assert "\x1b" not in out
    assert max(map(len, re.sub(r"\S*[/\\]\S*", "", out).splitlines())) <= 80


def test_a_failure_is_exit_code_1_and_the_rest_is_checked_all_the_same(ready: Shop) -> None:
    (ready.folder / "shop.db").unlink()
    code, out, _ = check(ready)
    assert code == 1
    assert "✗ Table             There is no database file" in out
    assert "– Products          not checked, because the table can't be read" in out.splitlines()
    assert "✓ Right to upload" in out


def test_unusable_settings_are_exit_code_2_and_still_have_every_row(ready: Shop) -> None:
    ready.settings("store = 5\n")
    rows = rows_of(ready)
    assert list(rows) == [subject.key for subject in Subject]
    assert rows["settings"]["mark"] == "failed"
    assert "store must be text in quotes" in rows["settings"]["finding"]
    assert rows["temporary_folder"]["mark"] == "ok"
    assert rows["table"]["finding"] == "not checked, because the settings can't be used"
    code, out, _ = check(ready)
    assert code == 2
    assert "not checked, because" not in out  # nearly every row of the screen
    assert out.splitlines()[-1].startswith("1 thing needs to be put right. 14 things were not")


def test_warnings_are_no_failure(ready: Shop) -> None:
    ready.sell(*products(2), ("P0002", "again", "3"))
    assert rows_of(ready)["products"]["mark"] == "warning"
    assert check(ready)[0] == 0


def test_the_proof_of_a_schedule_is_not_about_earlier_runs_or_the_schedule_itself(
    ready: Shop, storage: str
) -> None:
    """Otherwise a schedule could never be installed after a failed run, nor prove that it is there."""
    put_run(storage, ready.store, RunState.FAILED)
    assert rows_of(ready)["last_run"]["mark"] == "failed"
    call = Call(None, verbose=False, environment=os.environ, redaction=Redaction())
    proved = list(check_up(call, is_proof=True).rows)
    about_now = [each for each in Subject if each not in (Subject.LAST_RUN, Subject.SCHEDULE)]
    assert [row.subject for row in proved] == about_now
    assert {row.mark for row in proved} == {Mark.OK}


def test_a_name_in_the_database_does_nothing_to_the_terminal(ready: Shop) -> None:
    ready.sell(*products(1), table="Evil\x1b[31mProducts")
    ready.settings(f'store = "{ready.store}"\n[database]\nsqlite = "shop.db"\ntable = "Products"\n')
    _, out, _ = check(ready)
    assert "Similar names: [EvilProducts]" in " ".join(out.split())
    assert "\x1b" not in out


def test_a_console_without_the_marks_gets_others(
    ready: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.command_line.check.signs_for", lambda _: PLAIN)
    assert "+ Products          3 products" in check(ready)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs machine: POSIX's pseudo-terminals")
@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_marks_are_coloured_on_a_terminal_unless_nobody_wants_that(
    ready: Shop, no_color: str, coloured: bool
) -> None:
    out = in_terminal(ready.folder, {"NO_COLOR": no_color} if no_color else {})
    assert ("\x1b[32m✓\x1b[0m Products" in out) == coloured
    assert ("\x1b[3" in out) == coloured


def in_terminal(folder: Path, environment: dict[str, str]) -> str:
    """Run `check` in a terminal of its own, and return what it shows."""
    import pty  # noqa: PLC0415  not on Windows

    leader, follower = pty.openpty()
    wanted = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CI")}
    root = str(Path(__file__).resolve().parents[3])
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "check"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        cwd=folder,
        env={
            **wanted,
            "TERM": "xterm-256color",
            "PYTHONUTF8": "1",
            "PYTHONPATH": os.pathsep.join([wanted.get("PYTHONPATH", ""), root]),
            **environment,
        },
    )
    os.close(follower)
    shown = b""
    try:
        while block := os.read(leader, 65536):
            shown += block
    except OSError:  # Linux reports a closed terminal so
        pass
    finally:
        os.close(leader)
        process.wait()
    return shown.decode()


def test_the_schema_refuses_a_failure_without_a_remedy() -> None:
    """So that a valid document always says what to do."""
    rows = [Row(Subject.LOGIN, Mark.FAILED, "It is refused.", "")]
    document = as_json(rows, "1", StoreName("0001"), datetime.now(UTC) - timedelta(days=1))
    assert not VALIDATOR.is_valid(document)


def test_the_schema_names_every_check_and_mark() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    row = SCHEMA["$defs"]["row"]["properties"]
    assert row["key"]["enum"] == [subject.key for subject in Subject]
    assert row["mark"]["enum"] == [str(mark) for mark in Mark]
