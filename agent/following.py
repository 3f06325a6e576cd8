"""The use case: watch a run in the cloud until it ends."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from agent.errors import StorageUnavailableError
from agent.export import Progress
from agent.showing import shown
from contract.blobs import RunId, StoreName
from contract.run import Run, RunState

logger = logging.getLogger(__name__)

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.25, 2.0
_SHARE = 0.1  # of the time that has passed, for a pause: what a run takes is told hardly later


class RunRecords(Protocol):
    """The run records, which the function writes."""

    def read(self, store: StoreName, run: RunId) -> Run | None:
        """Return a run as its record describes it now, or None if there is no readable record yet.

        Raises StorageUnavailableError for trouble that may pass, StorageError for any other.
        """


class StoppedFollowing(KeyboardInterrupt):
    """The user doesn't want to wait any longer."""

    def __init__(self, run: Run | None) -> None:
        """Take the run as it was last seen, if ever."""
        super().__init__()
        self.run = run


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, which tests replace."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Follower:
    """Watches runs and tells the user what changes."""

    records: RunRecords
    clock: Clock
    progress: Progress

    def follow(
        self, store: StoreName, run: RunId, patience: float, ended: Run | None = None
    ) -> Run | None:
        """Watch a run until it ends, for at most `patience` seconds; return it as last seen, if ever.

        A run that is resumed had `ended` before, as its record goes on to say for a while.
        Trouble that may pass (storage that can't be reached, a damaged record) doesn't end the watch.
        Raises StorageError when the record may not be read, StoppedFollowing for KeyboardInterrupt.
        """
        watcher = _Watcher(self.progress, ended)
        try:
            self._watch(watcher, store, run, patience)
        except KeyboardInterrupt:
            raise StoppedFollowing(watcher.run) from None
        return watcher.run

    def _watch(self, watcher: "_Watcher", store: StoreName, run: RunId, patience: float) -> None:
        begun = self.clock.monotonic()
        self.progress.begin("Sending to Digible", "products", lambda: None)
        while True:
            try:
                watcher.see(self.records.read(store, run))
            except StorageUnavailableError as trouble:
                watcher.miss(str(trouble))
            passed = self.clock.monotonic() - begun
            if passed >= patience or watcher.has_ended:
                break
            pause = min(max(_SHORTEST_PAUSE, passed * _SHARE), _LONGEST_PAUSE)
            self.clock.sleep(min(pause, patience - passed))
        self.progress.end()


class _Watcher:
    """Tells the user once about each change of a run."""

    def __init__(self, progress: Progress, ended: Run | None) -> None:
        self.run: Run | None = None
        self._ended = ended
        self._progress = progress
        self._is_out_of_reach = False

    @property
    def has_ended(self) -> bool:
        return self.run is not None and self.run.state.is_final

    def see(self, run: Run | None) -> None:
        self._is_out_of_reach = False
        if run is None or run == self._ended:
            return
        # Even where nothing has changed: the time that is left has.
        self._progress.reach(run.accepted + run.rejected, run.read or None, _batches(run))
        if run == self.run:
            return
        before, self.run = self.run, run
        logger.debug("run %s is %s, accepted %d of %d", run.run, run.state, run.accepted, run.read)
        if run.state is RunState.WAITING and (before is None or before.retry_at != run.retry_at):
            self._progress.say(waiting_sentence(run))
        elif run.waiting_since and (before is None or before.message != run.message):
            self._progress.say(shown(run.message))

    def miss(self, trouble: str) -> None:
        logger.debug("%s", trouble)
        if not self._is_out_of_reach:
            self._progress.say(
                f"{trouble} Still trying; the upload goes on in the cloud meanwhile."
            )
        self._is_out_of_reach = True


def _batches(run: Run) -> str:
    if run.batches_total is None:
        return ""
    return f"batch {run.batches_acknowledged:,} of {run.batches_total:,}"


def waiting_sentence(run: Run) -> str:
    """Return why a run is waiting, and when it goes on by this machine's clock."""
    if run.retry_at is None:
        return shown(run.message)
    try:
        return f"{shown(run.message)} It goes on at {run.retry_at.astimezone():%H:%M}."
    except (OSError, OverflowError):  # no year of this machine's calendar
        return shown(run.message)
