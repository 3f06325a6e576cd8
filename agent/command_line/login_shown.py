"""What a person reads after a login: until when it holds, and what waited for it."""

from datetime import datetime, timedelta

from agent.digible import LoggedIn
from agent.showing import local_time
from contract.run import Run


def login_sentence(found: LoggedIn, place: str, now: datetime) -> str:
    """Return what the user reads about a stored token."""
    said = f" Digible says: “{found.message}”." if found.message else ""
    stored = f"Logged in.{said} The token is in {place}"
    if found.expires_on is None:
        return f"{stored}; when it expires is not known."
    until = local_time(found.expires_on)
    left = found.expires_on - now
    if left <= timedelta(0):
        return (
            f"{stored}, but it has already expired, on {until}. Check this computer's clock; if that is "
            "right, tell your operator."
        )
    return f"{stored} and holds until {until} ({_span(left)})."


def waiting_sentence(run: Run) -> str:
    """Return what a person reads about the run that the expired login stopped."""
    return (
        f"The upload of {local_time(run.started_at)} stopped because the login had expired: {run.accepted:,} of "
        f"{run.read:,} products were accepted."
    )


def _span(left: timedelta) -> str:
    for length, unit in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        if left >= length:
            number = left // length
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return "less than an hour"
