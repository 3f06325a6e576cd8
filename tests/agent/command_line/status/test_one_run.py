"""`status RUN`: one run in full, found by a part of its name and followed to its end."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from contract.blobs import RunId
from contract.product import Rejection, Stage
from contract.run import SESSION_EXPIRED, Run, RunError, RunState
from tests.agent.command_line.scene import Shop
from tests.agent.command_line.status.runs import BY_HAND, NEWER, OLDER, Save
from tests.agent.function_stand_in import function_that_answers
from tests.agent.shops import NOW


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
    assert "To take it up again: shopmaster resume 20261123T020000Z-5e6f7a8b\n" in out


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
    newest = NOW + timedelta(days=1)

    def answer(run: Run) -> list[Run | bytes]:  # it may come before the command looks, or after
        return [replace(run, state=RunState.SESSION_EXPIRED, read=1, started_at=newest)]

    save(RunId("20001122T020000Z-1a2b3c4d.1"), RunState.SUCCEEDED)
    run = re.search(r"Run: (\S+)", out)
    assert run is not None
    save(RunId(run[1]), RunState.SENDING, started_at=newest)
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
