"""A run that is being worked on, and how it leaves its worker: it ends, or it comes back."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from contract.run import Run
from contract.run_record import stamp
from function_app import outcomes
from function_app.errors import RecordConflictError
from function_app.ports import CatalogVersion, Ports, RetryRequest
from function_app.recording import RecordedRun

logger = logging.getLogger(__name__)

_AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Work:
    """A run, and the version of a catalogue that it delivers."""

    ports: Ports
    recorded: RecordedRun
    version: CatalogVersion

    @property
    def run(self) -> Run:
        """The run as its record describes it."""
        return self.recorded.run

    def end_superseded(self) -> None:
        """End the run: its store has a newer catalogue."""
        self.recorded.end(outcomes.superseded(self.run, self.ports.clock.now()))

    def end_or_wait(self, run: Run) -> None:
        """Record how the run ends or what it waits for; if it waits, queue its return as well."""
        if run.retry_at is None:
            self.recorded.end(run)
            return
        # The message first: if saving the record fails, nobody needs the message.
        delay = max(_AT_ONCE, run.retry_at - self.ports.clock.now())
        self.come_back(delay, due=stamp(run.retry_at))
        try:
            self.recorded.end(run)
        except RecordConflictError:
            logger.info("run %s of store %s is another worker's now", run.run, run.store)

    def come_back(self, delay: timedelta = _AT_ONCE, due: str | None = None) -> None:
        """Queue the run's return; `due` is its `retry_at`, if it waits until then."""
        self.ports.queue.put(self.again(due), delay)

    def again(self, due: str | None = None) -> RetryRequest:
        """Return the message that brings the run back."""
        return RetryRequest(self.version.name, self.version.etag, due=due)
