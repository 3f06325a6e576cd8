"""Tells the log and the record, from the invocation's own thread, what a run waits for.

Batches are sent in threads of their own. The Functions host drops what is logged there, and only the
invocation's thread may write the record; so those threads leave word here.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from queue import Empty, SimpleQueue

from function_app.answers import Unavailable
from function_app.ports import Standby
from function_app.recording import RecordedRun

logger = logging.getLogger(__name__)

_UNMENTIONED = 5.0  # seconds: a shorter wait is not worth a word in the record
_NO_ANSWER = "Digible has not answered yet."


class Watch:
    """What a delivery waits for; `retrying` may be called in any thread, the rest in the invocation's."""

    def __init__(
        self, recorded: RecordedRun, standby: Standby, monotonic: Callable[[], float]
    ) -> None:
        self._recorded, self._standby, self._monotonic = recorded, standby, monotonic
        self._news: SimpleQueue[tuple[Unavailable, float]] = SimpleQueue()
        self._since = monotonic()
        self._detail = _NO_ANSWER

    def retrying(self, after: Unavailable, pause: float) -> None:
        """Leave word that products are posted again, after that answer, in `pause` seconds."""
        self._news.put((after, pause))

    def attend(self) -> None:
        """Show that this worker lives, and what it waits for; called each second while it waits.

        Raises RecordConflictError if another worker has the run.
        """
        self._standby.keep()
        self.log_retries()
        waited = self._monotonic() - self._since
        if self._recorded.is_superseded or waited < _UNMENTIONED:
            return
        action = "Waiting for it" if self._detail is _NO_ANSWER else "Trying again"
        message = f"{self._detail} {action}; nothing is lost."
        run = self._recorded.run
        if run.message != message:
            since = run.waiting_since or run.updated_at
            self._recorded.save(replace(run, message=message, waiting_since=since))

    def log_retries(self) -> None:
        """Log what the sending threads have left word of."""
        run = self._recorded.run
        while True:
            try:
                after, pause = self._news.get_nowait()
            except Empty:
                return
            self._detail = after.detail
            logger.warning(
                "run %s of store %s: %s; trying again in %.1f s",
                run.run,
                run.store,
                after.logged,
                pause,
            )

    def settled(self) -> None:
        """Begin anew: an answer has come."""
        self.log_retries()
        self._since, self._detail = self._monotonic(), _NO_ANSWER
