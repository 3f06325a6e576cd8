"""The host's own times, as long as in Azure or all shorter by one factor."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """How long the host waits for what.

    What the app asks for, such as the delay of a message that it sends, is not the host's.
    """

    factor: float = 1

    def scaled(self, seconds: float) -> float:
        """Return how long something takes here that takes so many seconds in Azure."""
        return seconds * self.factor

    def in_queue(self, seconds: float) -> int:
        """Return the same in whole seconds, which is what storage's queues know."""
        return math.ceil(self.scaled(seconds))

    @property
    def invisible(self) -> int:
        """How long a message is away once it was taken or renewed, in seconds."""
        return self.in_queue(600)

    @property
    def lease(self) -> int:
        """How long a host keeps a lease that it does not renew; storage grants 15 to 60 s."""
        return min(60, max(15, round(self.scaled(60))))
