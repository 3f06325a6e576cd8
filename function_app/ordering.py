"""Which of two catalogues is the newer one, by the blob service's clock: a pure decision."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_TICKS_FROM = datetime(1, 1, 1, tzinfo=UTC)
_NEAR = timedelta(minutes=1)
"""Both are of one moment, but a service may note them one after the other: in two seconds, then."""


@dataclass(frozen=True, slots=True)
class CatalogAge:
    """What tells when a version of a catalogue was completed."""

    name: str
    etag: str
    modified: datetime

    def is_newer_than(self, other: "CatalogAge", is_current: Callable[[], bool]) -> bool:
        """Tell whether this version was completed after `other`, another one.

        `is_current` tells whether this is what is stored under its name now; it is asked only where
        the clock doesn't decide.
        """
        mine, others = (completed_at(each.modified, each.etag) for each in (self, other))
        if mine != others:
            return mine > others
        if self.name == other.name:
            # One was written over the other within a second: what is stored now came last.
            return is_current()
        return self.name > other.name


def completed_at(modified: datetime, etag: str) -> datetime:
    """Give when a version was completed, as finely as can be known.

    Last-Modified tells whole seconds. Azure's ETags are the same moment in ticks of 100 ns (so
    they read, and Microsoft's own examples agree); one that is nowhere near that second is no such
    ETag (a plain Azurite's are random; the local stack's are like Azure's) and is passed over.
    """
    try:
        ticks = int(etag.strip('"'), 16)
        moment = _TICKS_FROM + timedelta(microseconds=ticks // 10)
    except (ValueError, OverflowError):
        return modified
    return moment if abs(moment - modified) < _NEAR else modified
