"""The Digible stand-in: takes what the real API is documented to take, and misbehaves on request."""

from dev.digible.faults import Fault, FaultKind
from dev.digible.stand_in import DigibleStandIn

__all__ = ["DigibleStandIn", "Fault", "FaultKind"]
