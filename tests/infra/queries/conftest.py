"""What the tests of queries share: the telemetry that the function's own code sent, captured once."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tests.function_app.fakes import NOON
from tests.infra.queries.fleet import HEALTHY
from tests.infra.queries.telemetry import ending_at
from tests.ingestion import CustomEvent, IngestionStandIn

_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Captured:
    """The events of the fleet, as if the last one had been sent at `now`."""

    events: Sequence[CustomEvent]
    now: datetime

    def of(self, *stores: str) -> list[CustomEvent]:
        """Return the events of these stores, the last of them sent at `now`."""
        chosen = [event for event in self.events if event.dimensions.get("store") in stores]
        assert {event.dimensions["store"] for event in chosen} == set(stores)
        return ending_at(chosen, self.now)

    @property
    def healthy(self) -> list[CustomEvent]:
        """The events of all stores of which no alert may speak."""
        return self.of(*HEALTHY)


@pytest.fixture(scope="session")
def captured() -> Captured:
    """Run the fleet once, and return what it sent."""
    with IngestionStandIn() as ingestion:
        environment = {
            **os.environ,
            "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.infra.queries.fleet"],
            env=environment,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=_SECONDS,
        )
        assert (done.returncode, done.stderr) == (0, "")
        now = NOON + timedelta(hours=1)  # the fleet's own clock says noon
        return Captured(ending_at(ingestion.events, now), now)
