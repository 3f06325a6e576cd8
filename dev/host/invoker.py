"""Invokes functions, writes one log line for each, and counts what is in progress."""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dev.host.messages import TypedData
from dev.host.worker import Failure, Worker

log = logging.getLogger("dev.host")


class Invoker:
    """Invokes functions for all triggers."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._busy = 0
        self.idle = asyncio.Event()
        """Set while no message or timer is being handled.

        Handling includes what follows the invocation.
        """

        self.idle.set()
        self.stopping = False
        """Whether the host is stopping, so that no new work may start."""

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Count the body of the `with` as work in progress."""
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
        """Invoke a function for `subject`; return True, or False if it raised."""
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
