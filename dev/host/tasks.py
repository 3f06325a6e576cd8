"""All that the host has under way at the same time; the first part that breaks ends it."""

import asyncio
import threading
from collections.abc import Coroutine


class Tasks:
    """The host's tasks."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Queue[BaseException] = asyncio.Queue()

    def start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Start a task; if it raises, the host ends."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def run_until(self, stop: threading.Event) -> None:
        """Return when asked to stop; raise what a task raised."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(0.1):
                    raise await self._broken.get()
            except TimeoutError:
                continue

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken.put_nowait(error)
