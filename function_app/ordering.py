"""Which of two catalogues is newer, by the blob service's clock: a pure decision."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_TICKS_FROM = datetime(1, 1, 1, tzinfo=UTC)
_NEAR = timedelta(minutes=1)
"""The ETag and Last-Modified of one write may differ a little: the service notes one after the other."""


@dataclass(frozen=True, slots=True)
class CatalogAge:
    """What is known about when a version of a catalogue was completed."""

    name: str
    etag: str
    modified: datetime

    def is_newer_than(self, other: "CatalogAge", is_current: Callable[[], bool]) -> bool:
        """Return whether this version was completed after `other`, a different one.

        `is_current` returns whether this version is the one stored under its name now; it is called
        only if both have the same name.
        """
        if self.name == other.name:
            # One overwrote the other: what is stored now came last, whatever a clock says.
            return is_current()
        mine, others = (completed_at(each.modified, each.etag) for each in (self, other))
        if mine != others:
            return mine > others
        return self.name > other.name


def completed_at(modified: datetime, etag: str) -> datetime:
    """Return when a version was completed, as precisely as can be known.

    Last-Modified has whole seconds. Azure's ETags are the same moment in ticks of 100 ns (as observed,
    and as in Microsoft's own examples). An ETag far from that second is not of this kind (plain
    Azurite's are random; the local stack's are like Azure's) and is ignored.
    """
    try:
        ticks = int(etag.strip('"'), 16)
        moment = _TICKS_FROM + timedelta(microseconds=ticks // 10)
    except (ValueError, OverflowError):
        return modified
    return moment if abs(moment - modified) < _NEAR else modified
