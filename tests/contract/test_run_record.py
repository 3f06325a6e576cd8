"""The run record that people and the agent read, and the refusal of damaged ones."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.blobs import UNKNOWN_STORE, RunId, StoreName
from contract.product import Rejection, Stage
from contract.run import MAX_REJECTIONS, MAX_WARNINGS, Checkpoint, Content, Run, RunError, RunState
from contract.run_record import RunRecordError, decode_run, encode_run
from contract.telemetry import new_traceparent
from tests.contract.catalogs import PROPERTY

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
COUNTS = st.integers(0, 10**12)
# A record keeps milliseconds.
MOMENTS = st.integers(-(10**13), 10**13).map(
    lambda number: datetime(2026, 11, 23, tzinfo=UTC) + timedelta(milliseconds=number)
)
REJECTIONS = st.builds(
    Rejection, st.none() | ANY_TEXT, st.none() | COUNTS, st.sampled_from(Stage), ANY_TEXT
)
ERRORS = st.builds(RunError, ANY_TEXT, ANY_TEXT, st.none() | COUNTS, st.none() | COUNTS)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Draw any possible run."""
    rejections = tuple(draw(st.lists(REJECTIONS, max_size=4)))
    accepted, unlisted, not_sent = draw(COUNTS), draw(COUNTS), draw(COUNTS)
    rejected = len(rejections) + unlisted
    return Run(
        run=RunId(draw(ANY_TEXT)),
        store=StoreName(draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}|_unknown", fullmatch=True))),
        catalog=draw(ANY_TEXT),
        etag=draw(ANY_TEXT),
        state=draw(st.sampled_from(RunState)),
        message=draw(ANY_TEXT),
        started_at=draw(MOMENTS),
        updated_at=draw(MOMENTS),
        attempt=draw(COUNTS),
        read=accepted + rejected + not_sent,
        accepted=accepted,
        rejected=rejected,
        batches_acknowledged=draw(COUNTS),
        batches_total=draw(st.none() | COUNTS),
        rejections=rejections,
        error=draw(st.none() | ERRORS),
        finished_at=draw(st.none() | MOMENTS),
        retry_at=draw(st.none() | MOMENTS),
        waiting_since=draw(st.none() | MOMENTS),
        retries=draw(COUNTS),
        checkpoint=draw(st.builds(Checkpoint, COUNTS, st.lists(COUNTS, max_size=4).map(tuple))),
        content=draw(st.none() | st.builds(Content, ANY_TEXT, MOMENTS, ANY_TEXT, MOMENTS)),
        traceparent=draw(st.none() | st.builds(new_traceparent)),
    )


NOON = datetime(2026, 11, 23, 12, 0, 5, 678_900, tzinfo=timezone(timedelta(hours=2)))
RUN = Run(
    run=RunId("20261123T100005Z-k3x9.8DC12"),
    store=StoreName("0001"),
    catalog="0001/20261123T100005Z-k3x9.json.gz",
    etag='"0x8DC12"',
    state=RunState.FAILED,
    message="Digible refused batch 3 — größer",
    warnings=("Batch 2: Digible names products that it did not take: []",),
    started_at=NOON,
    updated_at=NOON + timedelta(seconds=5),
    attempt=2,
    read=600,
    accepted=400,
    rejected=1,
    batches_acknowledged=2,
    batches_total=3,
    rejections=(Rejection("A17", 17, Stage.CATALOG, "SellPrice is missing"),),
    error=RunError("refused", "400: too dear", 3, 400),
    checkpoint=Checkpoint(400, (4, 5)),
    content=Content("0a" * 32, NOON, '"0x8DC11"', NOON),
    traceparent=f"00-{'0a' * 16}-{'0b' * 8}-01",
)


OPTIONAL = {
    "checkpoint",
    "warnings",
    "content",
    "traceparent",
    "retries",
    "retry_at",
    "waiting_since",
    "finished_at",
    "error",
}


def record_of(run: Run) -> dict[str, Any]:
    """Return a run's record as any JSON reader reads it."""
    record: dict[str, Any] = json.loads(encode_run(run))
    return record


@PROPERTY
@given(runs())
def test_any_run_is_read_back_the_same(run: Run) -> None:
    assert decode_run(encode_run(run)) == run


@PROPERTY
@given(runs())
def test_read_is_accepted_rejected_and_not_sent_in_every_record(run: Run) -> None:
    products = record_of(run)["products"]
    assert products["read"] == products["accepted"] + products["rejected"] + products["not_sent"]


def test_the_record_is_as_specified() -> None:
    assert record_of(RUN) == {
        "version": 1,
        "run": "20261123T100005Z-k3x9.8DC12",
        "store": "0001",
        "catalog": "0001/20261123T100005Z-k3x9.json.gz",
        "etag": '"0x8DC12"',
        "state": "failed",
        "message": "Digible refused batch 3 — größer",
        "attempt": 2,
        "products": {"read": 600, "accepted": 400, "rejected": 1, "not_sent": 199},
        "batches": {"acknowledged": 2, "total": 3},
        "rejections": [
            {"product_id": "A17", "row": 17, "stage": "catalog", "reason": "SellPrice is missing"}
        ],
        "warnings": ["Batch 2: Digible names products that it did not take: []"],
        "error": {"kind": "refused", "detail": "400: too dear", "batch": 3, "http_status": 400},
        "started_at": "2026-11-23T10:00:05.678Z",
        "updated_at": "2026-11-23T10:00:10.678Z",
        "finished_at": None,
        "retry_at": None,
        "waiting_since": None,
        "retries": 0,
        "checkpoint": {"position": 400, "ahead": [4, 5]},
        "content": {
            "sha256": "0a" * 32,
            "created_at": "2026-11-23T10:00:05.678Z",
            "etag": '"0x8DC11"',
            "modified_at": "2026-11-23T10:00:05.678Z",
        },
        "traceparent": "00-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a-0b0b0b0b0b0b0b0b-01",
    }
    assert "größer".encode() in encode_run(RUN)  # UTF-8, for people to read


def test_a_record_without_the_fields_only_the_function_needs_is_read() -> None:
    record = record_of(RUN)
    for name in OPTIONAL:
        del record[name]
    run = decode_run(json.dumps({**record, "from the future": [1]}).encode())
    assert run == replace(
        decode_run(encode_run(RUN)),
        checkpoint=Checkpoint(),
        warnings=(),
        retries=0,
        error=None,
        content=None,
        traceparent=None,
    )


def test_the_list_of_rejections_is_capped_but_their_count_is_not() -> None:
    more = tuple(Rejection(str(row), row, Stage.DIGIBLE, "no") for row in range(700))
    run = replace(RUN, read=5_000).with_rejections(more).with_rejections(more)
    assert run.rejected == 1_401
    assert len(run.rejections) == len(record_of(run)["rejections"]) == MAX_REJECTIONS == 1_000
    assert run.rejections[:2] == (*RUN.rejections, more[0])
    assert run.not_sent == 5_000 - 400 - 1_401
    assert decode_run(encode_run(run)).rejected == 1_401


def test_the_list_of_warnings_is_capped() -> None:
    run = RUN.with_warning("One", 7).with_warning(None, 8)
    assert run.warnings == (*RUN.warnings, "Batch 7: One")
    for number in range(9, 40):
        run = run.with_warning("x", number)
    assert len(run.warnings) == len(record_of(run)["warnings"]) == MAX_WARNINGS == 20
    assert decode_run(encode_run(run)).warnings == run.warnings


def test_half_characters_and_control_characters_do_not_prevent_a_record() -> None:
    run = replace(RUN, message="a \ud83c b \0", error=RunError("refused", "\udf75"))
    back = decode_run(encode_run(run))
    assert (back.message, back.error) == ("a ? b \0", RunError("refused", "?"))


def test_the_record_of_a_blob_without_a_store_is_read() -> None:
    assert decode_run(encode_run(replace(RUN, store=UNKNOWN_STORE))).store == "_unknown"


INVALID_REJECTIONS: list[object] = [None, 1, "x", [None], [{}], [[]], {"a": 1}]
INVALID_ERRORS: list[object] = [0, "", "x", [], {}, False]


@pytest.mark.parametrize(
    "damage",
    [
        *[{"version": version} for version in (2, "1", None, "x" * 10_000, [1])],
        *[{"store": store} for store in ("../x", "", None, 1, "A", "_other")],
        *[{"run": 1}, {"catalog": None}, {"etag": []}, {"message": 0}, {"state": "done"}],
        *[{"state": None}, {"state": []}, {"attempt": -1}, {"attempt": 1.0}, {"attempt": True}],
        *[{"retries": "1"}, {"retries": None}, {"batches": {"acknowledged": -1, "total": None}}],
        *[{"batches": {}}, {"batches": []}, {"products": None}, {"products": {"read": 1}}],
        {"products": {"read": 1, "accepted": 1, "rejected": 1}},
        {"products": {"read": -1, "accepted": 0, "rejected": 0}},
        {"products": {"read": 10**1_000, "accepted": 0, "rejected": 0}},  # nothing to count or show
        {"products": {"read": 600, "accepted": 600, "rejected": 0}},  # but one is listed
        *[{"rejections": value} for value in INVALID_REJECTIONS],
        {"rejections": [{"product_id": 1, "row": 1, "stage": "catalog", "reason": ""}]},
        {"rejections": [{"product_id": "", "row": "1", "stage": "catalog", "reason": ""}]},
        {"rejections": [{"product_id": "", "row": 1, "stage": "shop", "reason": ""}]},
        *[{"error": value} for value in INVALID_ERRORS],
        {"error": {"kind": "x", "detail": "y", "batch": "3", "http_status": None}},
        *[{"started_at": value} for value in (None, "", "today", 0, "2026-11-23", "2026-11-23T12")],
        *[{"updated_at": "0001-01-01T00:00:00+05:00"}, {"finished_at": ""}, {"retry_at": 0}],
        *[{"checkpoint": value} for value in (1, "x", {"position": -1}, {"ahead": [None]})],
        *[{"checkpoint": {"ahead": 1}}, {"checkpoint": {"position": None}}],
        *[{"warnings": value} for value in (None, "x", 1, [1], [None])],
        *[{"content": value} for value in (1, "x", {}, {"sha256": "0"})],
    ],
)
def test_a_record_with_a_damaged_value_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(RunRecordError) as refused:
        decode_run(json.dumps({**record_of(RUN), **damage}).encode())
    assert str(refused.value).startswith("The run record is damaged (")
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("name", sorted({*record_of(RUN)} - OPTIONAL))
def test_a_record_without_a_required_field_is_refused(name: str) -> None:
    record = {key: value for key, value in record_of(RUN).items() if key != name}
    with pytest.raises(RunRecordError):
        decode_run(json.dumps(record).encode())


@pytest.mark.parametrize(
    "data",
    [
        *[b"", b"null", b"[]", b"1", b'"x"', b"{}", b"<html>", b"\xff\xfe", b"\0", b"{" * 100_000],
        *[b"[" * 1_000_000, b"1" * 1_000_000, b'{"version": 1e999}', b'{"version": NaN}', b"\x80"],
    ],
)
def test_data_that_is_not_a_record_is_refused(data: bytes) -> None:
    with pytest.raises(RunRecordError):
        decode_run(data)


def test_a_record_cut_off_anywhere_is_refused() -> None:
    data = encode_run(RUN)
    for length in range(len(data)):
        with pytest.raises(RunRecordError):
            decode_run(data[:length])


def test_a_record_damaged_at_any_byte_is_refused_or_is_still_a_run() -> None:
    data = encode_run(RUN)
    for position, byte in itertools.product(range(len(data)), b'\0"0-9a{[ ,\x80\xff'):
        damaged = data[:position] + bytes([byte]) + data[position + 1 :]
        try:
            run = decode_run(damaged)
        except RunRecordError:
            continue
        assert decode_run(encode_run(run)) == run
        assert run.not_sent >= 0
