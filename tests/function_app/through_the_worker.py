"""Runs an app in Microsoft's worker library, which needs its own process: its modules keep state.

Reads `{"app": folder, "calls": [[function, what its trigger passes to it], …]}`, where a blob may have
another container than its trigger's before it (`container//blob`), and writes
`{"functions": {name: bindings}, "failures": [words or null, …]}`.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dev.host.blob_binding import blob_value
from dev.host.errors import HostError
from dev.host.messages import TypedData
from dev.host.triggers import BlobTrigger, QueueTrigger, Trigger, read_triggers
from dev.host.worker import Worker


async def run(app: Path, calls: Sequence[tuple[str, str]]) -> dict[str, object]:
    """Index the app, and call its functions one after another; return what is written."""
    worker = Worker(app)
    functions = await worker.start()
    worker.allow_threads(1)
    triggers = {trigger.function: trigger for trigger in read_triggers(functions, os.environ)}
    failures = []
    for name, content in calls:
        trigger = triggers[name]
        failure = await worker.invoke(name, trigger.parameter, _value(trigger, content), {})
        failures.append(None if failure is None else failure.words)
    return {
        "functions": {
            function.name: [json.loads(binding) for binding in function.bindings]
            for function in functions
        },
        "failures": failures,
    }


def _value(trigger: Trigger, content: str) -> TypedData:
    match trigger:
        case BlobTrigger():
            container, _, blob = content.rpartition("//")
            return blob_value(trigger, blob, None, container or None)
        case QueueTrigger():
            return TypedData(string=content)
        case _:
            return TypedData(json=content)


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    try:
        answer = asyncio.run(run(Path(asked["app"]), asked["calls"]))
    except HostError as error:
        sys.exit(str(error))
    json.dump(answer, sys.stdout)
