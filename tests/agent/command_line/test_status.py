"""`status` and `resume`: what has become of the store's runs, and one of them taken up again."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient
from jsonschema import Draft202012Validator

from agent.command_line.resume import why_not
from agent.command_line.run_table import as_json, print_table
from agent.lock import Lock
from agent.state import last_run
from contract.blobs import CATALOGS, RUNS, RunId, resume_name, run_record_name
from contract.product import Rejection, Stage
from contract.run import SESSION_EXPIRED, Run, RunError, RunState
from contract.run_record import decode_run, encode_run
from tests.agent.command_line.scene import Shop, ends_as
from tests.agent.function_stand_in import function_that_answers
from tests.agent.shops import NOW, make_run, products

ROOT = Path(__file__).resolve().parents[3]
OLDER = RunId("20261122T020000Z-1a2b3c4d.8DC11")
NEWER = RunId("20261123T020000Z-5e6f7a8b.8DC12")
BY_HAND = RunId("summer sale/products.8DC13")

SCHEMA = Draft202012Validator(
    json.loads((ROOT / "docs" / "schemas" / "status.json").read_text(encoding="utf-8"))
)

Save = Callable[..., Run]


@pytest.fixture
def save(online: Shop, storage: str) -> Save:
    """Return a function that saves a run's record, as the cloud would."""
    online.sell(*products(1))

    def saved(run: RunId, state: RunState, **values: object) -> Run:
        made = make_run(state, store=online.store, run=run, **values)
        with BlobServiceClient.from_connection_string(storage) as service:
            blob = service.get_blob_client(RUNS, run_record_name(online.store, run))
            blob.upload_blob(encode_run(made), overwrite=True)
        return made

    return saved


@pytest.fixture
def three(save: Save) -> tuple[Run, ...]:
    """Save three runs, the newest last."""
    day = timedelta(days=1)
    return (
        save(OLDER, RunState.SUCCEEDED, read=1_000, accepted=1_000, started_at=NOW - day),
        save(BY_HAND, RunState.INVALID_CATALOG, started_at=NOW - day / 2),
        save(NEWER, RunState.COMPLETED_WITH_REJECTIONS, read=12, accepted=11, rejected=1),
    )


def asked_to_resume(storage: str, shop: Shop, run: RunId) -> bool:
    with BlobServiceClient.from_connection_string(storage) as service:
        return service.get_blob_client(CATALOGS, resume_name(shop.store, run)).exists()


# The latest runs.


def test_the_latest_runs_are_a_table_with_the_newest_first(
    online: Shop, three: tuple[Run, ...]
) -> None:
    code, out, _ = online.run(command="status")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["Began", "Run", "State", "Accepted"]
    cells = [re.split(r" {2,}", line.strip()) for line in lines[1:4]]
    local = f"{NOW.astimezone():%Y-%m-%d %H:%M}"
    assert cells[0] == [local, "20261123T020000Z-5e6f7a8b", "with rejections", "11 of 12"]
    assert cells[1][1:] == ["summer sale/products", "invalid catalogue", "0 of 0"]
    assert cells[2][1:] == ["20261122T020000Z-1a2b3c4d", "succeeded", "1,000 of 1,000"]
    assert "shopmaster status 20261123T020000Z-5e6f7a8b" in out
    assert "\x1b" not in out


def test_a_store_without_runs_says_so(online: Shop) -> None:
    online.sell(*products(1))
    code, out, _ = online.run(command="status")
    assert (code, out) == (0, f"The store {online.store} has no runs yet.\n")
    code, out, _ = online.run("--follow", command="status")
    assert (code, out) == (0, f"The store {online.store} has no runs yet.\n")


def test_how_the_last_upload_from_here_ended_comes_first(online: Shop, three: object) -> None:
    online.sell()
    online.run()
    _, out, _ = online.run(command="status")
    assert re.match(
        r"The last upload from this computer ended [0-9: -]+ with exit code 1:\n"
        r"  The table has no rows",
        out,
    )


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_fits_80_columns_whatever_is_in_it(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    runs = [
        make_run(state, run=RunId(name), read=10_000_000, accepted=9_999_999)
        for state in RunState
        for name in (NEWER, "x" * 300, "[red]商品[/red] \x1b[2J\r\n" * 20 + ".8", ".8", "no dot")
    ]
    print_table(runs)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "[red]" in out
    assert all(character.isprintable() or character == "\n" for character in out)


def test_states_have_colours_on_a_terminal_but_not_with_no_color(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_table([make_run(RunState.FAILED)])
    assert re.search(r"\x1b\[[0-9;]*mfailed\x1b\[0m", capsys.readouterr().out)
    monkeypatch.setenv("NO_COLOR", "1")
    print_table([make_run(RunState.FAILED)])
    assert not re.search(r"\x1b\[[0-9;]*[0-9]m *failed", capsys.readouterr().out)


def test_json_has_the_records_as_they_are(online: Shop, three: tuple[Run, ...]) -> None:
    code, out, _ = online.run("--json", command="status")
    status = json.loads(out)
    assert code == 0
    assert list(status) == ["version", "store", "last_run_here", "runs"]
    assert (status["version"], status["store"]) == (1, online.store)
    assert status["last_run_here"] is None
    runs = [decode_run(json.dumps(record).encode()) for record in status["runs"]]
    assert runs == [three[2], three[1], three[0]]


def test_json_has_how_the_last_upload_from_here_ended(online: Shop, three: object) -> None:
    online.sell()
    online.run()
    _, out, _ = online.run("--json", command="status")
    last = json.loads(out)["last_run_here"]
    assert list(last) == ["run", "state", "exit_code", "message", "ended_at", "succeeded_at"]
    assert (last["run"], last["exit_code"], last["succeeded_at"]) == (None, 1, None)
    assert datetime.fromisoformat(last["ended_at"]).tzinfo is not None


def test_json_is_what_the_schema_says(online: Shop, save: Save) -> None:
    rejection = Rejection(None, None, Stage.DIGIBLE, "No.")
    error = RunError("refused", "no", 3, 400)
    for number, state in enumerate(RunState):
        made = {"read": 9, "accepted": 1, "rejected": 1, "rejections": (rejection,)}
        save(RunId(f"{number}.8DC"), state, error=error, finished_at=NOW, retry_at=NOW, **made)
    for _ in range(2):
        _, out, _ = online.run("--json", command="status")
        SCHEMA.validate(json.loads(out))
        online.sell()
        online.run()
    changed = {**json.loads(out), "runs": [{}]}
    assert not SCHEMA.is_valid(changed)


def test_json_is_plain_ascii_in_every_console() -> None:
    assert as_json(make_run().store, [make_run(message="Crème \u2028")], None).isascii()


# One run.


def test_one_run_is_shown_in_full(online: Shop, save: Save) -> None:
    rejections = tuple(
        Rejection(f"P{row}", row, Stage.CATALOG, "SellPrice is missing") for row in range(1, 31)
    )
    error = RunError("refused", "Digible says no", 3, 400)
    counts = {"read": 100, "accepted": 20, "rejected": 30}
    save(NEWER, RunState.FAILED, rejections=rejections, error=error, **counts)
    code, out, _ = online.run(NEWER, command="status")
    assert code == 0
    assert out.splitlines()[0] == f"Run {NEWER} of the store {online.store}: failed"
    assert out.count("SellPrice is missing") == 30
    assert "Details: Digible says no" in out
    assert "The rest" not in out
    assert f"To take it up again: shopmaster resume {NEWER}" in out


def test_the_rejections_of_a_run_can_be_written_to_a_file(
    online: Shop, three: tuple[Run, ...]
) -> None:
    code, out, _ = online.run(NEWER, "--rejections", "rejected.csv", command="status")
    assert code == 0
    assert "Rejected products written to rejected.csv: the first 0 of 1." in out
    for others in ([], [NEWER, "--json"]):
        assert online.error("--rejections", "rejected.csv", *others, command="status")[0] == 2


@pytest.mark.parametrize(
    ("wanted", "run"),
    [
        (OLDER, OLDER),
        ("20261122", OLDER),
        ("20261123T02", NEWER),
        ("5e6f7a8b", NEWER),
        ("summer", BY_HAND),
        ("summer sale/products.8DC13", BY_HAND),
    ],
)
def test_a_run_may_be_abbreviated(
    online: Shop, three: tuple[Run, ...], wanted: str, run: RunId
) -> None:
    code, out, _ = online.run(wanted, command="status")
    assert code == 0
    assert out.startswith(f"Run {run} of the store")


@pytest.mark.parametrize("command", ["status", "resume"])
@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ("2026", f"2 runs begin with 2026, or contain it: {NEWER}, {OLDER}"),
        ("8DC", "3 runs begin with 8DC, or contain it"),
        ("2025", "has no run 2025"),
        ("../0002/x", "../0002/x can't be a run"),
        ("a//b", "can't be a run"),
        ("", "can't be a run"),
        ("\x1b[2Jx", "can't be a run"),
        ("x" * 1_000, "can't be a run"),
    ],
)
def test_a_run_that_is_not_clear_is_refused(
    online: Shop, three: tuple[Run, ...], command: str, wanted: str, problem: str
) -> None:
    code, error = online.error(wanted, command=command)
    assert code == 2
    assert problem in error
    assert error.isprintable()


def test_text_from_outside_does_nothing_in_one_run_either(online: Shop, save: Save) -> None:
    evil = "\x1b]8;;https://x.invalid\x07[bold red]\x1b[2J\r\n"
    rejection = Rejection(evil, 1, Stage.DIGIBLE, evil)
    save(NEWER, RunState.FAILED, message=evil, rejections=(rejection,), read=1, rejected=1)
    _, out, _ = online.run(NEWER, command="status")
    assert all(character.isprintable() or character == "\n" for character in out)
    assert "[bold red]" in out


def test_follow_waits_for_the_end_and_has_the_runs_exit_code(
    online: Shop, storage: str, save: Save
) -> None:
    code, out, _ = online.run("--no-wait")
    answer = ends_as(RunState.SESSION_EXPIRED, read=1)
    save(RunId("20001122T020000Z-1a2b3c4d.1"), RunState.SUCCEEDED)
    run = re.search(r"Run: (\S+)", out)
    assert run is not None
    save(RunId(run[1]), RunState.SENDING, started_at=NOW + timedelta(days=1))
    with function_that_answers(storage, online.store, answer):
        code, out, _ = online.run("--follow", command="status")
    assert code == 3
    assert SESSION_EXPIRED in out


def test_follow_gives_up_after_its_time(online: Shop, save: Save) -> None:
    save(NEWER, RunState.WAITING, message="Digible is away.")
    code, error = online.error(NEWER, "--follow", "--timeout", "0.2s", command="status")
    assert code == 5
    assert "Digible is away." in error


def test_follow_of_a_run_that_has_ended_shows_it(online: Shop, three: object) -> None:
    assert online.run("--follow", command="status")[0] == 4
    code, out, _ = online.run(OLDER, "--follow", "--json", command="status")
    assert code == 0
    assert [record["run"] for record in json.loads(out)["runs"]] == [OLDER]


def test_one_that_is_under_way_says_how_far_it_is(online: Shop, save: Save) -> None:
    save(NEWER, RunState.SENDING, read=1_000, accepted=400)
    code, out, _ = online.run(NEWER, command="status")
    assert code == 0
    assert "So far 400 of 1,000 products were accepted" in out


def test_ctrl_c_changes_nothing(
    online: Shop, three: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("agent.storage.account.AzureStorage.runs", interrupted)
    code, out, err = online.run(command="status")
    assert (code, out, err) == (130, "", "Stopped. Nothing was changed.\n")


# A run taken up again.


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.SESSION_EXPIRED])
def test_a_run_is_resumed_and_followed_to_its_end(
    online: Shop, storage: str, save: Save, state: RunState
) -> None:
    ended = save(NEWER, state, read=10, accepted=4)
    done = {"message": "All accepted.", "read": 10, "accepted": 10}

    def answer(_: Run) -> list[Run | bytes]:
        going = replace(ended, state=RunState.SENDING, attempt=2)
        return [going, replace(going, state=RunState.SUCCEEDED, **done)]  # type: ignore[arg-type]

    with function_that_answers(storage, online.store, answer):
        code, out, _ = online.run("5e6f", command="resume")
    assert code == 0
    assert out.splitlines()[0] == "All accepted."
    assert asked_to_resume(storage, online, NEWER)
    note = last_run(online.notes)
    assert note is not None
    assert (note.run, note.state, note.exit_code) == (NEWER, RunState.SUCCEEDED, 0)


def test_a_resumed_run_that_succeeds_is_what_the_next_upload_is_compared_with(
    online: Shop, storage: str
) -> None:
    online.sell(*products(5))
    with function_that_answers(storage, online.store, ends_as(RunState.SESSION_EXPIRED)):
        assert online.run()[0] == 3
    assert not (online.notes / "delivered.json.gz").exists()
    (pending,) = (online.notes / "pending").iterdir()
    with function_that_answers(storage, online.store, ends_as(RunState.SUCCEEDED)):
        online.run(pending.name.removesuffix(".json.gz"), command="resume")
    assert (online.notes / "delivered.json.gz").exists()


def test_no_wait_only_asks(online: Shop, storage: str, save: Save) -> None:
    save(NEWER, RunState.FAILED)
    code, out, _ = online.run(NEWER, "--no-wait", command="resume")
    assert code == 0
    assert asked_to_resume(storage, online, NEWER)
    assert f"shopmaster status {NEWER} --follow" in out
    refused = (NEWER, "--no-wait", "--rejections", "x.csv")
    assert online.error(*refused, command="resume")[0] == 2


@pytest.mark.parametrize("state", [state for state in RunState if not state.is_resumable])
def test_a_run_that_cannot_be_resumed_is_refused_with_the_reason(
    online: Shop, storage: str, save: Save, state: RunState
) -> None:
    save(NEWER, state)
    code, error = online.error(NEWER, command="resume")
    assert code == 1
    assert f"The run {NEWER} can't be resumed:" in error
    assert not asked_to_resume(storage, online, NEWER)
    assert last_run(online.notes) is None


@pytest.mark.parametrize("state", RunState)
def test_exactly_the_runs_that_a_person_may_resume_are_taken(state: RunState) -> None:
    assert (why_not(make_run(state)) is None) is state.is_resumable


def test_nothing_is_resumed_while_an_upload_runs(online: Shop, storage: str, save: Save) -> None:
    save(NEWER, RunState.FAILED)
    with Lock(online.notes):
        code, error = online.error(NEWER, command="resume")
    assert code == 1
    assert "Another upload" in error
    assert not asked_to_resume(storage, online, NEWER)


def test_a_run_that_nobody_takes_up_ends_without_an_outcome(online: Shop, save: Save) -> None:
    save(NEWER, RunState.FAILED)
    code, error = online.error(NEWER, "--timeout", "0.3s", command="resume")
    assert code == 5
    assert "has not begun yet" in error
