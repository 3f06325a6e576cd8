"""What is scheduled: which program runs when, as which account, and where it leaves its notes."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from pathlib import Path

from agent.windows_accounts import ServiceAccount
from contract.blobs import StoreName

USUAL_AT = time(4)
"""When a daily upload begins, or up to an hour later.

Where clocks change, it is the hours before this one that some days lack, and systemd then leaves the
whole day out (its issue 5595).
"""

_HOUR = 3600
_DAY = 24 * _HOUR


TakeBack = Callable[[], None]
"""Leaves the state folder to whom it belonged before it was given to an account; raises nothing."""


@dataclass(frozen=True, slots=True)
class UserAccount:
    """Somebody's account; on Linux it needs no password."""

    name: str
    password: str | None = field(default=None, repr=False)


Account = ServiceAccount | UserAccount


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day."""

    at: time


@dataclass(frozen=True, slots=True)
class Hourly:
    """Once an hour."""

    minute: int
    second: int


Times = Daily | Hourly


class Job(StrEnum):
    """What is handed to the platform's scheduler."""

    RUN = "run"
    """The upload, at the planned times."""

    PROOF = "prove"
    """The checks, once, when they are started: they prove that the account can upload."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule to install; every path is absolute."""

    store: StoreName
    program: tuple[str, ...]
    """How `shopmaster` is started: the executable, or Python and the module."""

    config: Path
    state: Path
    """The state folder, which the account must be able to write to."""

    account: Account
    times: Times

    def arguments(self, job: Job, proof: str = "") -> tuple[str, ...]:
        """Return what the scheduler calls the program with; `proof` names the proof."""
        named = ("--proof", proof) if job is Job.PROOF else ()
        return (*self.program[1:], "schedule", job.value, "--config", str(self.config), *named)


def spread(store: StoreName) -> int:
    """Return the second of the hour (0 to 3599) at which a store begins: a thousand don't begin at once."""
    return int.from_bytes(hashlib.sha256(store.encode()).digest()[:8]) % _HOUR


def daily(at: time, store: StoreName) -> Daily:
    """Return the store's own moment in the hour that begins at `at`."""
    second = (at.hour * _HOUR + at.minute * 60 + at.second + spread(store)) % _DAY
    return Daily(time(second // _HOUR, second // 60 % 60, second % 60))


def hourly(store: StoreName) -> Hourly:
    """Return the store's own moment of each hour."""
    minute, second = divmod(spread(store), 60)
    return Hourly(minute, second)


def parse_at(text: str) -> time:
    """Read a time of day such as `02:00`; raises ValueError."""
    if not re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", text.strip()):
        raise ValueError(f"{text!r} is not a time of day such as 02:00")
    hour, minute = map(int, text.strip().split(":"))
    return time(hour, minute)
