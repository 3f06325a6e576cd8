"""How long to wait before trying again, and when to give up: pure decisions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and for how long, one request is tried again within an invocation."""

    attempts: int = 8
    """The most requests, including the first."""

    total: float = 75.0
    """Seconds from the first request to the end of the last wait."""

    first: float = 0.5
    """Seconds of the first wait, before jitter; each further wait is twice as long."""

    longest: float = 15.0
    """Seconds of the longest wait, before jitter."""

    def wait(
        self, attempt: int, elapsed: float, retry_after: float | None, jitter: float
    ) -> float | None:
        """Return the seconds to wait after failed request number `attempt` (from 1), or None to give up.

        `elapsed` is the seconds since the first request; `retry_after` is what the server asked for;
        `jitter` is a random number from 0 to 1. Half of a wait is random, so that stores that
        failed together don't come back together.
        """
        if attempt >= self.attempts:
            return None
        back_off = min(self.longest, self.first * 2.0 ** (attempt - 1)) * (0.5 + jitter / 2)
        wait = max(back_off, retry_after or 0.0)
        return wait if elapsed + wait <= self.total else None


LONGEST_WAITING = timedelta(hours=24)
"""How long a run waits for trouble to pass before it fails."""

_FIRST_DELAY = timedelta(minutes=1)
_LONGEST_DELAY = timedelta(minutes=30)


def delay(retries: int, retry_after: float | None) -> timedelta:
    """Return how long a run waits in the queue after `retries` returns: 1, 2, 4 … 30 minutes."""
    growing = _FIRST_DELAY.total_seconds() * 2.0 ** min(retries, 10)
    return min(_LONGEST_DELAY, timedelta(seconds=max(growing, retry_after or 0.0)))


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3: seconds or an HTTP date); None if it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), 86_400.0)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), 86_400.0)
