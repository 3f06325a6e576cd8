"""How a run's outcome is described, and its exit code."""

from dataclasses import replace

import pytest

from agent.command_line.outcome import (
    describe_preview,
    describe_run,
    describe_unfinished,
    exit_code,
)
from agent.errors import ExitCode
from agent.preview import Preview, preview
from contract.blobs import RunId
from contract.product import Rejection, Stage
from contract.run import MAX_REJECTIONS, SESSION_EXPIRED, RunError, RunState
from tests.agent.shops import FakeProgress, FakeSource, make_run, products

RUN = RunId("x.8DC12")


def rejections(count: int) -> tuple[Rejection, ...]:
    return tuple(
        Rejection(f"P{row}", row, Stage.CATALOG, "SellPrice is missing")
        for row in range(1, count + 1)
    )


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (RunState.SUCCEEDED, 0),
        (RunState.FAILED, 1),
        (RunState.INVALID_CATALOG, 1),
        (RunState.SUPERSEDED, 1),
        (RunState.SESSION_EXPIRED, 3),
        (RunState.COMPLETED_WITH_REJECTIONS, 4),
        (RunState.SENDING, 5),
        (RunState.WAITING, 5),
    ],
)
def test_each_state_has_its_exit_code(state: RunState, code: int) -> None:
    assert exit_code(state) == ExitCode(code)


def test_an_expired_session_is_reported_on_its_own_line() -> None:
    run = make_run(RunState.SESSION_EXPIRED, message="something else", read=5)
    assert describe_run(run).splitlines()[0] == "User session expired, Please Reconfigure"
    assert SESSION_EXPIRED in describe_run(run).splitlines()
    assert "Next: `shopmaster login`" in describe_run(run).splitlines()[-1]


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.SUPERSEDED, RunState.WAITING])
def test_where_nothing_is_to_be_done_the_runs_id_comes_last(state: RunState) -> None:
    run = make_run(state)
    assert describe_run(run).splitlines()[-1] == f"Run: {run.run}"


def test_an_outcome_has_a_message_counts_and_the_runs_id() -> None:
    run = make_run(RunState.FAILED, message="Refused.", read=1_234, accepted=1_000, rejected=34)
    lines = describe_run(run).splitlines()
    assert lines[0] == "Refused."
    assert [line.split() for line in lines[2:6]] == [
        ["read", "1,234"],
        ["accepted", "1,000"],
        ["rejected", "34"],
        ["not", "sent", "200"],
    ]
    assert lines[-2:] == [
        f"Run: {run.run}",
        "To take it up again: shopmaster resume 20261123T120000Z-1a2b3c4d",
    ]


def test_an_errors_detail_is_shown_if_the_message_lacks_it() -> None:
    run = make_run(RunState.FAILED, message="Invalid.", error=RunError("x", "<html>"))
    assert "Details: <html>" in describe_run(run)
    assert "Details" not in describe_run(replace(run, message="Invalid: <html>"))


def test_ten_rejections_are_shown_and_where_the_rest_is() -> None:
    run = make_run(rejections=rejections(21), rejected=1_234, read=2_000)
    lines = describe_run(run).splitlines()
    shown = [line for line in lines if "SellPrice" in line]
    assert len(shown) == 10
    assert shown[0] == "  row 1, product P1: SellPrice is missing"
    assert "  … and 1,224 more" in lines
    assert "  The rest: shopmaster status 20261123T120000Z-1a2b3c4d" in lines


def test_nothing_is_promised_beyond_what_the_record_lists() -> None:
    run = make_run(rejections=rejections(21), rejected=1_234, read=2_000)
    lines = describe_run(run, most=MAX_REJECTIONS).splitlines()
    assert "  … and 1,213 more" in lines
    assert "The rest" not in "\n".join(lines)


def test_warnings_are_listed() -> None:
    run = make_run(warnings=("Batch 1: Digible says x", "Batch 2: y"), read=1, accepted=1)
    shown = describe_run(run).splitlines()
    start = shown.index("Warnings:")
    assert shown[start + 1 : start + 3] == ["  Batch 1: Digible says x", "  Batch 2: y"]
    assert "Warnings:" not in describe_run(make_run())


def test_a_rejection_without_an_id_or_a_row_is_still_shown() -> None:
    run = make_run(rejections=(Rejection(None, None, Stage.DIGIBLE, "No."),), rejected=1, read=1)
    assert "  product (no id): No." in describe_run(run)


def test_text_from_outside_cannot_control_the_terminal() -> None:
    evil = "\x1b[2J\x07\r\nP"
    run = make_run(
        message=evil,
        error=RunError("x", evil + "!"),
        rejections=(Rejection(evil, 1, Stage.DIGIBLE, evil),),
        warnings=(evil,),
        rejected=1,
        read=1,
    )
    text = describe_run(run) + describe_unfinished(run, RunId(evil), 60)
    text += describe_preview(preview(FakeSource([(evil, evil, "1")]), FakeProgress()))
    assert all(character.isprintable() or character == "\n" for character in text)


def test_a_record_of_a_megabyte_is_not_shown_by_the_megabyte() -> None:
    long = "long " * 1_000_000
    run = make_run(
        message=long,
        error=RunError("x", "another " + long),
        rejections=(Rejection(long, 1, Stage.DIGIBLE, long),) * 1_000,
        warnings=(long,) * 1_000,
        rejected=1_000,
        read=1_000,
    )
    text = describe_run(run)
    assert len(text) < 50_000
    assert text.count("…") == 1 + 2 * 10 + 20 + 1 + 1  # the last: “… and 990 more”


def test_an_unfinished_run_says_how_far_it_got() -> None:
    run = make_run(read=1_000, accepted=400, rejected=3)
    text = describe_unfinished(run, RUN, 1_800)
    assert "within 30 minutes" in text
    assert "400 of 1,000 products were accepted and 3 rejected" in text
    assert "has not begun" in describe_unfinished(None, RUN, 90)
    assert text.endswith("shopmaster status x.8DC12 --follow")


def test_a_preview_checks_rows_as_the_function_does() -> None:
    table = [*products(6), ("P0006", "again", "1"), ("P0007", " ", "1"), ("P0008", "Tea", None)]
    found = preview(FakeSource(table), FakeProgress())
    assert (found.read, found.sendable, found.rejected) == (9, 6, 3)
    assert [product.product_id for product in found.first] == [f"P000{n}" for n in range(1, 6)]
    assert [rejection.row for rejection in found.rejections] == [7, 8, 9]
    text = describe_preview(found)
    assert ["P0001", "Product", "1", "1.50"] in [line.split() for line in text.splitlines()]
    assert "Nothing was sent." in text
    assert "row 8, product P0007: ProductName is missing" in text


def test_a_preview_keeps_no_more_rejections_than_a_run_record() -> None:
    table = [(f"{number:05}", "Tea", None) for number in range(MAX_REJECTIONS + 5)]
    found = preview(FakeSource([*table]), FakeProgress())
    assert isinstance(found, Preview)
    assert len(found.rejections) == MAX_REJECTIONS
    assert found.rejected == MAX_REJECTIONS + 5
