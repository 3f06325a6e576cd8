"""A store on fakes that reports to Application Insights as the deployed function does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from contract.product import Product
from function_app.answers import Answer
from function_app.options import UploadOptions
from function_app.ports import CatalogVersion, Ports
from function_app.telemetry import OpenTelemetry
from function_app.token import StoredToken
from tests.function_app.fakes import NOON
from tests.function_app.world import OK, World, rows

POST: Final = timedelta(seconds=2)
"""How long Digible takes for a batch that it accepts."""


class Store(World):
    """A store whose events are sent as the deployed function sends them."""

    def __init__(self, name: str) -> None:
        super().__init__(UploadOptions(isolate=name == "isolating"))
        self.name = name
        self.tokens.stored = token_for(days=60)
        self.digible.judge = self._accept

    @property
    def ports(self) -> Ports:
        return replace(super().ports, telemetry=OpenTelemetry())

    def catalog(self, good: int = 500, bad: int = 0) -> CatalogVersion:
        """Upload a catalogue, later than the one before."""
        self.clock.advance(timedelta(minutes=1))
        unfit = rows(bad, price="free", first=good + 1)
        return self.put([*rows(good), *unfit], f"{self.name}/{self.clock.now():%H%M%S}.json")

    def deliver(self, good: int = 500, bad: int = 0) -> CatalogVersion:
        """Upload a catalogue and handle its event."""
        version = self.catalog(good, bad)
        self.uploader.upload(version.name)
        return version

    def _accept(self, products: Sequence[Product]) -> Answer:
        self.clock.advance(POST)
        return OK


def token_for(days: float) -> StoredToken:
    """Return a token that expires so many days after the fleet's noon."""
    return StoredToken("opaque", NOON + timedelta(days=days))
