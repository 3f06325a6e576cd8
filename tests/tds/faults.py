"""What the stand-in is told to do wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """Each concerns the reading of tables; the catalogue views and the login stay well."""

    denied: bool = False
    """The user may not read the tables: error 229."""

    locked: bool = False
    """Another connection holds the table for longer than the lock time-out: error 1222."""

    silent: bool = False
    """A query is never answered, until the client cancels it."""

    deadlock_after: int | None = None
    """After so many rows the query is chosen as a deadlock's victim: error 1205."""

    cut_after: int | None = None
    """After so many rows the connection breaks."""

    stall_after: int | None = None
    """After so many rows nothing more comes, until the client cancels."""


NONE = Faults()
