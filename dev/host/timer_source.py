"""Timer triggers: invoke a function when its schedule says so, in UTC as in Azure."""

import asyncio
import json
from datetime import UTC, datetime

from croniter import croniter

from dev.host.invoker import Invoker
from dev.host.messages import TypedData
from dev.host.triggers import TimerTrigger


class TimerSource:
    """Serves one timer trigger, one invocation at a time."""

    def __init__(self, trigger: TimerTrigger, invoker: Invoker) -> None:
        self.ready = asyncio.Event()
        self._trigger, self._invoker = trigger, invoker
        self._last = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Wait and invoke the function until cancelled."""
        self.ready.set()
        if self._trigger.run_on_startup:
            await self._call(datetime.now(UTC))
        while not self._invoker.stopping:
            due = next_time(self._trigger.schedule, datetime.now(UTC))
            await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
            await self._call(due)

    async def _call(self, due: datetime) -> None:
        if self._invoker.stopping:
            return
        with self._invoker.handling():
            await self._invoker.call(
                self._trigger.function,
                self._trigger.parameter,
                TypedData(json=json.dumps(self._request(due))),
                {},
                f"timer of {due:%H:%M:%S}",
            )
        self._last = due

    def _request(self, due: datetime) -> dict[str, object]:
        status = {
            "Last": self._last.isoformat(),
            "LastUpdated": self._last.isoformat(),
            "Next": next_time(self._trigger.schedule, due).isoformat(),
        }
        return {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}


def next_time(schedule: str, after: datetime) -> datetime:
    """Return when a schedule of six fields, seconds first, is next due."""
    times = croniter(schedule, after, second_at_beginning=True, ret_type=datetime)
    moment: datetime = times.get_next()
    return moment
