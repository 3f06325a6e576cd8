"""What the stand-in does wrong, on purpose."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """Each fault affects reading tables; the login and the catalogue views keep working."""

    denied: bool = False
    """The user may not read the tables: error 229."""

    denied_column: str | None = None
    """The user may not read that column: error 230."""

    locked: bool = False
    """Another connection holds the table for longer than the lock time-out: error 1222."""

    silent: bool = False
    """A query is not answered until the client cancels it."""

    frozen: bool = False
    """A query is never answered, not even when the client cancels it."""

    deadlock_after: int | None = None
    """After that many rows, the query is chosen as a deadlock victim: error 1205."""

    cut_after: int | None = None
    """After that many rows, the connection breaks."""

    stall_after: int | None = None
    """After that many rows, nothing more arrives until the client cancels."""

    freeze_after: int | None = None
    """After that many rows, nothing more arrives at all."""


NONE = Faults()
