"""Sends three products of a store of its own through the installation, and reads how their run ends."""

import json
import secrets
from dataclasses import dataclass

from contract.blobs import (
    StoreName,
    new_catalog_name,
    parse_name,
    run_of,
    run_record_name,
)
from contract.run import Run, RunState
from contract.run_record import RunRecordError, decode_run
from infra.blobs import Blobs
from infra.ending import say
from infra.errors import AzError, AzProblem, OperatorError
from infra.waiting import Clock, wait_for

STORE = StoreName("smoke-test")
PRODUCTS = (
    {"ProductID": "smoke-1", "ProductName": "Smoke test, one", "SellPrice": "1.00"},
    {"ProductID": "smoke-2", "ProductName": "Smoke test, two", "SellPrice": "2.50"},
    {"ProductID": "smoke-3", "ProductName": "Smoke test, three", "SellPrice": "0"},
)
_PAUSE = 5.0
_RIGHTS = (
    "Give yourself the rights of the store, once: `python -m infra.store add smoke-test "
    "--principal-id ID --principal-type User`, where `az ad signed-in-user show --query id` tells the "
    "ID. They need up to ten minutes."
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a run doesn't show that the installation works, in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Right:
    """What a run shows, in words."""

    shown: str


def smoke_test(blobs: Blobs, clock: Clock, patience: float) -> None:
    """Upload a catalogue and wait for the end of its run; raises OperatorError if it isn't a good one.

    Without a Digible token of the store `smoke-test`, the run ends before anything is sent. That shows
    event, function, storage, vault and record at work.
    """
    name = new_catalog_name(STORE, clock.now(), secrets.token_hex(4)).removesuffix(".gz")
    say(f"Uploading three products as {name} …")
    try:
        etag = blobs.upload_catalog(name, json.dumps(PRODUCTS, indent=1).encode("utf-8"))
    except AzError as error:
        if error.problem is AzProblem.DATA:
            raise OperatorError(f"You may not upload for the store {STORE}. {_RIGHTS}") from error
        raise
    record = run_record_name(*run_of(parse_name(name), etag))
    seen: list[Run] = []

    def look() -> Run | None:
        run = _run(blobs, record)
        seen.extend([run] if run is not None else [])
        return run if run is not None and run.state.is_final else None

    ended = wait_for(look, clock, patience=patience, pause=_PAUSE)
    outcome = judged(ended) if ended is not None else _no_end(seen[-1] if seen else None, patience)
    if isinstance(outcome, Wrong):
        raise OperatorError(f"The smoke test failed: {outcome.reason} (run record {record})")
    say(f"✓ smoke test: {outcome.shown}")


def judged(run: Run) -> Right | Wrong:
    """Return what the end of the run of PRODUCTS says about the installation."""
    if run.state is RunState.SUCCEEDED and run.accepted == len(PRODUCTS):
        return Right(f"all {run.accepted} products were accepted")
    if run.state is RunState.SESSION_EXPIRED:
        if run.error is not None and run.error.http_status is not None:
            return Wrong(
                "Digible refused the token of the store smoke-test. Store a valid one, or delete the "
                "secret digible-token-smoke-test."
            )
        return Right(
            "event, function, storage and vault work. Nothing was sent to Digible, since the store "
            "smoke-test has no valid token"
        )
    if run.state is RunState.SUPERSEDED:
        return Wrong("another smoke test overtook it. Run it again, one at a time")
    return Wrong(f"its run ended {run.state}: {run.message}")


def _no_end(last: Run | None, patience: float) -> Wrong:
    minutes = f"{patience / 60:g} minutes"
    if last is None:
        return Wrong(
            f"after {minutes} there is no run record: the event didn't reach the function, or the "
            "function can't use storage. Look at the function upload_catalog in Application Insights, "
            "and at the dead letters of the Event Grid topic."
        )
    since = f"{last.updated_at:%H:%M:%S} UTC"
    return Wrong(f"after {minutes} its run is still {last.state} (since {since}): {last.message}")


def _run(blobs: Blobs, record: str) -> Run | None:
    content = blobs.run_record(record)
    try:
        return None if content is None else decode_run(content)
    except RunRecordError as error:
        raise OperatorError(f"The smoke test failed: {error} (run record {record})") from error
