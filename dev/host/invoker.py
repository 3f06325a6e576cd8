"""Calls functions, one plain line of log each, and knows how many calls are under way."""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dev.host.messages import TypedData
from dev.host.worker import Failure, Worker

log = logging.getLogger("dev.host")


class Invoker:
    """What all triggers call functions through."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._busy = 0
        self.idle = asyncio.Event()
        """No blob, message or timer is being handled, what follows a call included."""

        self.idle.set()
        self.stopping = False
        """No new work is to be begun."""

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Count the body as work under way."""
        self._busy += 1
        self.idle.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy:
                self.idle.set()

    async def call(
        self,
        function: str,
        parameter: str,
        value: TypedData,
        metadata: Mapping[str, TypedData],
        subject: str,
    ) -> bool:
        """Call a function about `subject`; whether it returned rather than raised."""
        started = time.monotonic()
        failure = await self._worker.invoke(function, parameter, value, metadata)
        seconds = time.monotonic() - started
        if failure is None:
            log.info("%s: %s: succeeded in %.2f s", function, subject, seconds)
            return True
        log.error("%s: %s: failed after %.2f s: %s", function, subject, seconds, _line(failure))
        log.debug("%s", failure.traceback)
        return False


def _line(failure: Failure) -> str:
    return " ".join(failure.words.split())[:500]


class Outage:
    """Says once that something can't be reached, and once that it can again."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_out = False

    def begin(self, error: Exception) -> None:
        """Note a failure to reach it."""
        if not self._is_out:
            log.warning("%s can't be reached (%s); trying again.", self._what, type(error).__name__)
        self._is_out = True

    def end(self) -> None:
        """Note a success."""
        if self._is_out:
            log.info("%s can be reached again.", self._what)
        self._is_out = False
