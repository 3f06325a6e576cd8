"""The Digible stand-in.

It accepts what the real API is documented to accept, and misbehaves on request.
"""

from dev.digible.faults import Fault, FaultKind
from dev.digible.stand_in import DigibleStandIn

__all__ = ["DigibleStandIn", "Fault", "FaultKind"]
