"""What host.json and the environment, which overrides it, say about triggers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.host.errors import HostError

_OVERRIDE = "AzureFunctionsJobHost__"
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(\.\d+)?")
_MOST_IN_A_BATCH = 32


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How a queue is listened to."""

    batch: int = 16
    """How many messages are taken at a time."""

    refill_at: int = 8
    """The next batch is taken when so few are under way. So there are at most `batch` more."""

    tries: int = 5
    pause: float = 0
    """How long a message is away after a failure, in seconds."""

    longest_poll: float = 60
    """How long a queue is left alone when nothing comes, in seconds."""


@dataclass(frozen=True, slots=True)
class HostSettings:
    """The settings that this host knows, with Azure's defaults."""

    blobs_at_once: int = 8
    tries_of_a_blob: int = 5
    queues: QueueRules = QueueRules()
    messages_are_base64: bool = True

    @property
    def blobs(self) -> QueueRules:
        """The rules of the queue of blobs: host.json's for queues don't hold for it."""
        batch = min(_MOST_IN_A_BATCH, self.blobs_at_once // 2 + 1)
        return QueueRules(batch, self.blobs_at_once - batch, self.tries_of_a_blob)


def read_host_settings(app: Path, environment: Mapping[str, str]) -> HostSettings:
    """Read the app's host.json and what overrides it; raise HostError if a value is unusable."""
    try:
        tree = json.loads((app / "host.json").read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise HostError(f"There is no host.json in {app}, so this is not a function app.") from None
    except ValueError as error:
        raise HostError(f"host.json in {app} is not JSON: {error}.") from None
    values = _flat(tree)
    for name, value in environment.items():
        if name.lower().startswith(_OVERRIDE.lower()):
            values[name[len(_OVERRIDE) :].replace("__", ".").lower()] = value
    batch = min(_MOST_IN_A_BATCH, _count(values, "extensions.queues.batchSize", 16))
    return HostSettings(
        blobs_at_once=_count(values, "extensions.blobs.maxDegreeOfParallelism", 8),
        tries_of_a_blob=_count(values, "extensions.blobs.poisonBlobThreshold", 5),
        queues=QueueRules(
            batch=batch,
            refill_at=_count(values, "extensions.queues.newBatchThreshold", batch // 2, least=0),
            tries=_count(values, "extensions.queues.maxDequeueCount", 5),
            pause=_seconds(values, "extensions.queues.visibilityTimeout", "00:00:00"),
            longest_poll=_seconds(values, "extensions.queues.maxPollingInterval", "00:01:00"),
        ),
        messages_are_base64=_text(values, "extensions.queues.messageEncoding") != "none",
    )


def _flat(tree: object, path: str = "") -> dict[str, Any]:
    if not isinstance(tree, dict):
        return {path: tree}
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{path}.{name.lower()}" if path else name.lower())
    return flat


def _count(values: Mapping[str, Any], name: str, default: int, least: int = 1) -> int:
    value = values.get(name.lower(), default)
    try:
        count = int(value)
    except (TypeError, ValueError):
        count = least - 1
    if count < least:
        raise HostError(f"{name} in host.json must be a number of at least {least}, not {value!r}.")
    return count


def _seconds(values: Mapping[str, Any], name: str, default: str) -> float:
    value = values.get(name.lower(), default)
    found = _TIME_SPAN.fullmatch(str(value))
    if found is None:
        raise HostError(f"{name} in host.json must be a time like 00:00:30, not {value!r}.")
    days, hours, minutes, seconds, fraction = found.groups("0")
    whole = ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds)
    return whole + float(fraction)


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name.lower(), "")).lower()
