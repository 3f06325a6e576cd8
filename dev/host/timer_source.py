"""Timer triggers: invoke a function when its schedule says so, in UTC as in Azure."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import ResourceNotFoundError
from croniter import croniter

from dev.host.blob_messages import function_id
from dev.host.connections import ask
from dev.host.lease import Lease
from dev.host.messages import TypedData
from dev.host.shared import Shared, write_note
from dev.host.triggers import TimerTrigger

_NEVER = datetime.min.replace(tzinfo=UTC)
_SHORTEST_KEPT = timedelta(minutes=1)
"""A timer's state is kept for schedules that are not more frequent than this."""


class TimerSource:
    """Serves one timer trigger, one invocation at a time, on one of several hosts."""

    def __init__(self, trigger: TimerTrigger, lease: Lease, shared: Shared) -> None:
        """Create a source that works while this host has the lease."""
        self.ready = lease.looked
        self._trigger, self._lease, self._shared = trigger, lease, shared
        self._last, self._first_time = _NEVER, True
        self._state = f"timers/{shared.host_id}/{function_id(trigger.function)}/status"

    async def run(self) -> None:
        """Wait and invoke the function until the host stops."""
        while not self._shared.invoker.stopping:
            await self._lease.held.wait()
            if self._first_time:
                self._first_time = False
                await self._begin(datetime.now(UTC))
            due = next_time(self._trigger.schedule, datetime.now(UTC))
            await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
            if self._lease.held.is_set():
                await self._call(due)

    async def _begin(self, now: datetime) -> None:
        """Make up for one missed call, however many there were."""
        due = await ask(self._read_next) if self._is_kept(now) else None
        is_past_due = due is not None and due < now
        if is_past_due or self._trigger.run_on_startup:
            await self._call(now, is_past_due=is_past_due)
        elif due is None and self._is_kept(now):
            await self._keep(now)

    async def _call(self, due: datetime, *, is_past_due: bool = False) -> None:
        if self._shared.invoker.stopping:
            return
        with self._shared.invoker.handling():
            await self._shared.invoker.call(
                self._trigger.function,
                self._trigger.parameter,
                TypedData(json=json.dumps(self._request(due, is_past_due=is_past_due))),
                {},
                f"timer of {due:%H:%M:%S}",
            )
            self._last = due
            if self._is_kept(due):
                await self._keep(due)

    def _request(self, due: datetime, *, is_past_due: bool) -> dict[str, object]:
        return {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": self._status(due),
            "IsPastDue": is_past_due,
        }

    def _status(self, due: datetime) -> dict[str, str]:
        return {
            "Last": self._last.isoformat(),
            "LastUpdated": self._last.isoformat(),
            "Next": next_time(self._trigger.schedule, due).isoformat(),
        }

    def _is_kept(self, now: datetime) -> bool:
        first = next_time(self._trigger.schedule, now)
        return next_time(self._trigger.schedule, first) - first >= _SHORTEST_KEPT

    async def _keep(self, due: datetime) -> None:
        content = json.dumps(self._status(due)).encode()
        await ask(write_note, self._shared.notes, self._state, content)

    def _read_next(self) -> datetime | None:
        try:
            text = self._shared.notes.download_blob(self._state).readall()
        except ResourceNotFoundError:
            return None
        return datetime.fromisoformat(json.loads(text)["Next"])


def next_time(schedule: str, after: datetime) -> datetime:
    """Return when a schedule of six fields, seconds first, is next due."""
    times = croniter(schedule, after, second_at_beginning=True, ret_type=datetime)
    moment: datetime = times.get_next()
    return moment
