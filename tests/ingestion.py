"""The stand-in for Application Insights' ingestion: keeps the telemetry that is sent to it."""

import gzip
import json
import re
import threading
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from tests.odd_server import OddServer, Pieces, Request, http

Envelope = dict[str, Any]
"""One item of telemetry, as it is sent: `name`, `time`, `iKey`, `tags` and `data`."""

_TRACK = re.compile(r"POST /{1,2}v2\.1/track HTTP/1\.1")
_GZIP = b"\x1f\x8b"
_JSON = "Content-Type: application/json"


@dataclass(frozen=True, slots=True)
class CustomEvent:
    """A row of the table customEvents, read from its envelope."""

    name: str
    sent_at: datetime
    operation: str
    """The trace id; the same for all that belongs to one run. Empty if there is none."""

    role: str
    """The program that sent it, such as `shopmaster-upload`."""

    dimensions: dict[str, str]
    measurements: dict[str, float]


class IngestionStandIn:
    """Takes telemetry on 127.0.0.1 during the `with` block."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        """Everything that was sent, in the order in which it came."""

        self.refusal: int | None = None
        """A status that every request is answered with, such as 439 or 500; nothing is kept."""

        self._lock = threading.Lock()
        self._server = OddServer(self._respond)

    @property
    def connection_string(self) -> str:
        """What a program is given as APPLICATIONINSIGHTS_CONNECTION_STRING."""
        key = "00000000-0000-0000-0000-000000000001"
        return f"InstrumentationKey={key};IngestionEndpoint=http://127.0.0.1:{self._server.port}/"

    @property
    def requests(self) -> list[Request]:
        """All requests, those that were refused too."""
        return self._server.requests

    @property
    def events(self) -> list[CustomEvent]:
        """The custom events among the envelopes."""
        with self._lock:
            return [custom_event(sent) for sent in self.envelopes if is_custom_event(sent)]

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.__exit__(kind, error, traceback)

    def _respond(self, request: Request) -> Pieces:
        if self.refusal is not None or _TRACK.fullmatch(request.line) is None:
            yield http(self.refusal or 404, b"{}", _JSON)
            return
        packed = request.body.startswith(_GZIP)
        sent = json.loads(gzip.decompress(request.body) if packed else request.body)
        with self._lock:
            self.envelopes += sent
        answer = {"itemsReceived": len(sent), "itemsAccepted": len(sent), "errors": []}
        yield http(200, json.dumps(answer).encode(), _JSON)


def is_custom_event(envelope: Envelope) -> bool:
    """Return whether this envelope becomes a row of customEvents."""
    return bool(envelope["data"]["baseType"] == "EventData")


def custom_event(envelope: Envelope) -> CustomEvent:
    """Read a custom event; raise KeyError if the envelope is something else."""
    data, tags = envelope["data"]["baseData"], envelope["tags"]
    return CustomEvent(
        name=data["name"],
        sent_at=datetime.fromisoformat(envelope["time"]),
        operation=tags.get("ai.operation.id", ""),
        role=tags.get("ai.cloud.role", ""),
        dimensions=data.get("properties") or {},
        measurements=data.get("measurements") or {},
    )
