"""The smoke test proves event, function, storage and record, on the local stack as in Azure."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.blobs import CatalogName, StoreName, parse_etag, parse_name, run_of, run_record_name
from contract.run import Run, RunError, RunState
from contract.run_record import encode_run
from dev.files import read_environment
from infra.deployment.smoke_test import PRODUCTS, Right, Wrong, judged, smoke_test
from infra.errors import AzError, AzProblem, OperatorError
from infra.waiting import Clock
from tests.infra.operator.cloud import NOW, Cloud, Now
from tests.runs import sending_run
from tests.stack import start_dev

EXPIRED = replace(sending_run(NOW), state=RunState.SESSION_EXPIRED)
SUCCEEDED = replace(sending_run(NOW, read=3), state=RunState.SUCCEEDED, accepted=3)


@dataclass
class FakeBlobs:
    """Blobs on which a run record appears, changing with each look."""

    records: list[Run | None]
    refusal: AzError | None = None
    catalogs: dict[str, bytes] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def upload_catalog(self, name: str, content: bytes) -> str:
        if self.refusal is not None:
            raise self.refusal
        self.catalogs[name] = content
        return parse_etag("0x8D1")

    def run_record(self, name: str) -> bytes | None:
        self.asked.add(name)
        run = self.records.pop(0) if len(self.records) > 1 else self.records[0]
        return None if run is None else encode_run(run)

    def newest_run(self, store: StoreName) -> str | None:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("run", "verdict", "said"),
    [
        (SUCCEEDED, Right, "all 3 products were accepted"),
        (EXPIRED, Right, "Nothing was sent"),
        (
            replace(EXPIRED, error=RunError("session_expired", "", http_status=401)),
            Wrong,
            "refused the token",
        ),
        (replace(SUCCEEDED, accepted=2, rejected=1), Wrong, "its run ended succeeded"),
        (replace(SUCCEEDED, state=RunState.FAILED, message="No."), Wrong, "ended failed: No."),
        (replace(EXPIRED, state=RunState.SUPERSEDED), Wrong, "another smoke test"),
        (replace(EXPIRED, state=RunState.INVALID_CATALOG), Wrong, "ended invalid_catalog"),
    ],
)
def test_the_end_of_the_run_is_judged(run: Run, verdict: type[Right | Wrong], said: str) -> None:
    outcome = judged(run)
    assert isinstance(outcome, verdict)
    assert said in str(outcome)


def test_three_products_of_a_store_of_their_own_are_uploaded() -> None:
    blobs = FakeBlobs([None, sending_run(NOW), SUCCEEDED])
    smoke_test(blobs, Now().clock, patience=60)
    ((name, content),) = blobs.catalogs.items()
    parsed = parse_name(name)
    assert isinstance(parsed, CatalogName)
    assert (parsed.store, content.count(b"ProductID")) == ("smoke-test", len(PRODUCTS))
    assert blobs.asked == {run_record_name(*run_of(parsed, '"0x8D1"'))}


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (None, "there is no run record: the event didn't reach the function"),
        (
            replace(sending_run(NOW), state=RunState.WAITING, message="Digible is away."),
            "its run is still waiting (since 12:00:00 UTC): Digible is away.",
        ),
    ],
)
def test_a_run_that_does_not_end_says_where_it_stands(last: Run | None, said: str) -> None:
    time = Now()
    with pytest.raises(OperatorError) as raised:
        smoke_test(FakeBlobs([last]), time.clock, patience=300)
    assert said in str(raised.value)
    assert time.slept == 300


def test_an_operator_without_the_rights_of_the_store_learns_how_to_get_them() -> None:
    refused = AzError(AzProblem.DATA, "no")
    with pytest.raises(OperatorError, match=r"infra\.store add smoke-test"):
        smoke_test(FakeBlobs([None], refused), Now().clock, patience=1)


@pytest.fixture(params=["with a token", "without a token"])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[bool, str]]:
    """Run the local stack; yield whether the store has a token, and the storage's connection string."""
    has_token = request.param == "with a token"
    no_token = {"DIGIBLE_TOKEN_FILE": str(tmp_path / "no-token")}
    data = tmp_path / "stack"
    data.mkdir()
    with start_dev("up", "--data", data, environment={} if has_token else no_token, seconds=120):
        yield has_token, read_environment(data)["CatalogStorage"]


def test_it_passes_on_the_local_stack(cloud: Cloud, stack: tuple[bool, str]) -> None:
    """Only the command line `az` and the event are stand-ins: function, storage and record are real."""
    has_token, connection = stack
    with cloud.change() as state:
        state["blob_connection"] = connection
    clock = Clock(lambda: datetime.now(UTC), time.monotonic, lambda seconds: time.sleep(0.1))
    ended = cloud.deployment("--smoke-test", "--patience", "60", clock=clock)
    expected = "all 3 products were accepted" if has_token else "Nothing was sent to Digible"
    assert (ended.code, expected in ended.err) == (0, True), ended.err
