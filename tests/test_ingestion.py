"""The stand-in for Application Insights keeps what is sent to it, and refuses when told to."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from tests.ingestion import CustomEvent, Envelope, IngestionStandIn

MOMENT = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
LINE: Envelope = {"time": "2026-11-23T12:00:00Z", "tags": {}, "data": {"baseType": "MessageData"}}
EVENT: Envelope = {
    "time": "2026-11-23T12:00:00.250000Z",
    "tags": {"ai.operation.id": "0af7651916cd43dd8448eb211c80319c", "ai.cloud.role": "a program"},
    "data": {
        "baseType": "EventData",
        "baseData": {
            "name": "it.happened",
            "properties": {"store": "0001"},
            "measurements": {"n": 2.0},
        },
    },
}


@pytest.fixture
def ingestion() -> Iterator[IngestionStandIn]:
    with IngestionStandIn() as stand_in:
        yield stand_in


def post(ingestion: IngestionStandIn, body: bytes, path: str = "v2.1/track") -> requests.Response:
    """Send what the connection string's address is meant for."""
    address = ingestion.connection_string.partition("IngestionEndpoint=")[2]
    return requests.post(address + path, data=body, timeout=5)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_sent_is_kept_and_acknowledged(
    pack: type[bytes], ingestion: IngestionStandIn
) -> None:
    answer = post(ingestion, pack(json.dumps([LINE, EVENT]).encode()))
    assert answer.json() == {"itemsReceived": 2, "itemsAccepted": 2, "errors": []}
    assert ingestion.envelopes == [LINE, EVENT]


def test_events_are_read_from_their_envelopes(ingestion: IngestionStandIn) -> None:
    post(ingestion, json.dumps([LINE, EVENT]).encode())
    operation = "0af7651916cd43dd8448eb211c80319c"
    assert ingestion.events == [
        CustomEvent("it.happened", MOMENT, operation, "a program", {"store": "0001"}, {"n": 2.0})
    ]


def test_what_is_refused_is_not_kept(ingestion: IngestionStandIn) -> None:
    ingestion.refusal = 439
    assert post(ingestion, json.dumps([EVENT]).encode()).status_code == 439
    assert (ingestion.envelopes, len(ingestion.requests)) == ([], 1)


def test_it_is_found_at_its_own_path_only(ingestion: IngestionStandIn) -> None:
    assert post(ingestion, b"[]", "v2/track").status_code == 404
