"""A run (one delivery of one version of a catalogue): the states it goes through, and its data.

The states
==========

A run is in one state at a time, which its record names. It begins in `sending`, and moves only as the
table TRANSITIONS allows.

`sending` means that the run is being worked on, or should be. A worker that dies leaves it there and the
next one goes on from there, so every saved batch and every new attempt is a move from `sending` to
`sending`. In `waiting` nobody works on it: a message in the queue brings it back, into `sending` if
there is a usable token by then. A catalogue is read through once, before its first batch, so a run
becomes `invalid_catalog` from `sending` only; and products are accepted only while sending, so `waiting`
never turns into a success by itself.

Most moves are the function's own. A newer catalogue's run marks an unfinished older one `superseded`
while the older one's worker may have a batch under way; that batch is still counted, and the run stays
`superseded`. A person can resume a run where that can help: with a new token (`session_expired`), or
once the cause of a refusal is gone (`failed`). A broken file stays broken, and a superseded run would
put older prices over newer ones.

A state that the function never leaves is final; there the agent stops following the run. A record that
was deleted or is damaged has no state, and its run begins anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Final

from contract.blobs import RunId, StoreName
from contract.product import Rejection

MAX_REJECTIONS = 1_000
"""The most rejections listed in a record; the count has no limit."""

MAX_WARNINGS = 20
"""The most warnings listed in a record."""

SILENT_AFTER = timedelta(hours=26)
"""How long after its last run a store is silent: a daily run, and two hours that it may be late."""

SESSION_EXPIRED = "User session expired, Please Reconfigure"
INVALID_JSON_RESPONSE = "Invalid JSON response from the server"


class RunState(StrEnum):
    """What a run is doing, or how it ended."""

    SENDING = "sending"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    COMPLETED_WITH_REJECTIONS = "completed_with_rejections"
    FAILED = "failed"
    SESSION_EXPIRED = "session_expired"
    INVALID_CATALOG = "invalid_catalog"
    SUPERSEDED = "superseded"

    @property
    def is_final(self) -> bool:
        """Whether the run has ended; a person may still resume a `failed` or `session_expired` one."""
        return not any(
            by is By.FUNCTION and following is not self
            for following, by in TRANSITIONS[self].items()
        )

    @property
    def is_resumable(self) -> bool:
        """Whether a person may resume the run."""
        return By.PERSON in TRANSITIONS[self].values()


DELIVERED: Final = frozenset({RunState.SUCCEEDED, RunState.COMPLETED_WITH_REJECTIONS})
"""The states of a run whose products Digible has, but for those that were rejected."""


class By(Enum):
    """Who moves a run from one state to another."""

    FUNCTION = auto()
    PERSON = auto()


TRANSITIONS: Final[Mapping[RunState, Mapping[RunState, By]]] = {
    RunState.SENDING: {
        RunState.SENDING: By.FUNCTION,
        RunState.WAITING: By.FUNCTION,
        RunState.SUCCEEDED: By.FUNCTION,
        RunState.COMPLETED_WITH_REJECTIONS: By.FUNCTION,
        RunState.FAILED: By.FUNCTION,
        RunState.SESSION_EXPIRED: By.FUNCTION,
        RunState.INVALID_CATALOG: By.FUNCTION,
        RunState.SUPERSEDED: By.FUNCTION,
    },
    RunState.WAITING: {
        RunState.SENDING: By.FUNCTION,
        RunState.WAITING: By.FUNCTION,
        RunState.FAILED: By.FUNCTION,
        RunState.SESSION_EXPIRED: By.FUNCTION,
        RunState.SUPERSEDED: By.FUNCTION,
    },
    RunState.SUCCEEDED: {},
    RunState.COMPLETED_WITH_REJECTIONS: {},
    RunState.FAILED: {RunState.SENDING: By.PERSON},
    RunState.SESSION_EXPIRED: {RunState.SENDING: By.PERSON},
    RunState.INVALID_CATALOG: {},
    RunState.SUPERSEDED: {RunState.SUPERSEDED: By.FUNCTION},
}
"""Each state, with those that may follow it and who moves the run there."""


@dataclass(frozen=True, slots=True)
class RunError:
    """What ended or interrupted a run, for whoever has to fix it."""

    kind: str
    """Machine-readable: `refused`, `unreachable`, `session_expired`, `invalid_response`, …"""

    detail: str
    """In words, with Digible's own if it sent any; never a secret."""

    batch: int | None = None
    """Which batch it happened to, from 1."""

    http_status: int | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a run goes on when it is resumed."""

    position: int = 0
    """How many of the products that can be sent are settled, counted from the first without a gap."""

    ahead: tuple[int, ...] = ()
    """Batches (from 1) beyond `position` that are also acknowledged, if several are sent at once."""


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes that a run delivers, and when they first came under the catalogue's name.

    A version whose properties were merely touched has the bytes, and so the age, of an earlier one.
    """

    sha256: str
    """Of the blob's bytes as they are stored, in hexadecimal."""

    created_at: datetime
    """When the blob was created, which touching it doesn't change."""

    etag: str
    """Of the first version with these bytes."""

    modified_at: datetime
    """Last-Modified of that version."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its record describes it; read = accepted + rejected + not_sent by construction."""

    run: RunId
    store: StoreName
    catalog: str
    etag: str
    state: RunState
    message: str
    started_at: datetime
    updated_at: datetime
    attempt: int = 1
    read: int = 0
    accepted: int = 0
    rejected: int = 0
    batches_acknowledged: int = 0
    batches_total: int | None = None
    """None until the whole catalogue has been checked."""

    rejections: tuple[Rejection, ...] = ()
    warnings: tuple[str, ...] = ()
    """What may be wrong with products that count as accepted, in words for the shop owner."""

    error: RunError | None = None
    finished_at: datetime | None = None
    retry_at: datetime | None = None
    """When a waiting run comes back."""

    waiting_since: datetime | None = None
    """Since when nothing has been accepted: limits how long the run waits for trouble to pass."""

    retries: int = 0
    """How often the run has come back since then: each wait is longer than the one before.

    Until the whole catalogue has been read, also how often a worker died while it read.
    """

    checkpoint: Checkpoint = Checkpoint()
    content: Content | None = None
    """None until the whole catalogue has been read."""

    traceparent: str | None = None
    """W3C trace context of the operation that the run is part of; None in older records."""

    def moved_to(self, state: RunState) -> "Run":
        """Return the run in its next state; raises ValueError for a move that TRANSITIONS doesn't have."""
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"a run that is {self.state} can't become {state}")
        return replace(self, state=state)

    @property
    def not_sent(self) -> int:
        """How many of the products read were neither accepted nor rejected."""
        return self.read - self.accepted - self.rejected

    def with_rejections(self, more: tuple[Rejection, ...]) -> "Run":
        """Return the run with further rejections counted and, up to MAX_REJECTIONS, listed."""
        return replace(
            self,
            rejected=self.rejected + len(more),
            rejections=(self.rejections + more)[:MAX_REJECTIONS],
        )

    def with_warning(self, warning: str | None, batch: int) -> "Run":
        """Return the run with a further warning about a batch, if there is one, up to MAX_WARNINGS."""
        if warning is None:
            return self
        named = f"Batch {batch}: {warning}"
        return replace(self, warnings=(*self.warnings, named)[:MAX_WARNINGS])
