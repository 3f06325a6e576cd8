"""How long to wait before trying again, and when to give up: pure decisions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds of trying one request again while somebody waits."""

    attempts: int = 8
    """Requests at most, the first included."""

    total: float = 75.0
    """Seconds from the first request to the end of the last wait."""

    first: float = 0.5
    """Seconds before the second request, before jitter; doubled each time."""

    longest: float = 15.0
    """Seconds of one wait at most, before jitter."""

    def wait(
        self, attempt: int, elapsed: float, retry_after: float | None, jitter: float
    ) -> float | None:
        """Give the seconds to wait after failed request number `attempt` (from 1), or None to give up.

        `elapsed` counts seconds since the first request; `retry_after` is what the server asked
        for; `jitter` is a random number from 0 to 1 (half of a wait is random, so that stores
        that failed together don't come back together).
        """
        if attempt >= self.attempts:
            return None
        back_off = min(self.longest, self.first * 2.0 ** (attempt - 1)) * (0.5 + jitter / 2)
        wait = max(back_off, retry_after or 0.0)
        return wait if elapsed + wait <= self.total else None


LONGEST_WAITING = timedelta(hours=24)
"""How long trouble is waited out before a run has failed."""

_FIRST_DELAY = timedelta(minutes=1)
_LONGEST_DELAY = timedelta(minutes=30)


def delay(retries: int, retry_after: float | None) -> timedelta:
    """Give how long a run waits in the queue after it has come back `retries` times: 1, 2, 4 … 30 min."""
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
