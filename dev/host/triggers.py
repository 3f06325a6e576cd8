"""An app's functions as triggers that the host can serve."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from croniter import CroniterError, croniter

from dev.host.errors import HostError
from dev.host.worker import Function

_SETTING = re.compile(r"%([^%]+)%")
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class BlobPath:
    """A blob trigger's path, like `catalogs/{store}/{name}.json`."""

    container: str
    prefix: str
    """What the name of every matching blob starts with."""

    pattern: re.Pattern[str]

    @classmethod
    def parse(cls, path: str) -> "BlobPath":
        """Read a path; raise HostError if it names no container."""
        container, _, rest = path.partition("/")
        if not container or "{" in container:
            raise HostError(f"The blob trigger's path {path!r} names no container.")
        rest = rest or "{name}"
        literals = _PARAMETER.split(rest)  # text, parameter, text, parameter, …
        pattern = "".join(
            f"(?P<{piece}>.+)" if place % 2 else re.escape(piece)
            for place, piece in enumerate(literals)
        )
        return cls(container, literals[0], re.compile(pattern, re.DOTALL))

    def match(self, blob: str) -> dict[str, str] | None:
        """Return the path's parameters from a blob's name, or None if the name doesn't match."""
        found = self.pattern.fullmatch(blob)
        return None if found is None else found.groupdict()


@dataclass(frozen=True, slots=True)
class BlobTrigger:
    """Invokes a function for each version of each blob."""

    function: str
    parameter: str
    connection: str
    path: BlobPath
    wants_client: bool
    """Whether the function takes a BlobClient, not the content."""

    from_event_grid: bool = False
    """Whether events tell of new blobs; otherwise the container is scanned."""


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """Invokes a function for each message."""

    function: str
    parameter: str
    connection: str
    queue: str


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """Invokes a function on a schedule of six fields, seconds first."""

    function: str
    parameter: str
    schedule: str
    run_on_startup: bool


Trigger = BlobTrigger | QueueTrigger | TimerTrigger


def read_triggers(functions: Iterable[Function], environment: Mapping[str, str]) -> list[Trigger]:
    """Return the functions' triggers, with each `%NAME%` in them replaced.

    Raise a HostError that names all problems.
    """
    triggers, problems = [], []
    for function in functions:
        try:
            triggers.append(_read(function, environment))
        except HostError as problem:
            problems.append(f"{function.name}: {problem}")
    if problems:
        raise HostError(" ".join(problems))
    return triggers


def _read(function: Function, environment: Mapping[str, str]) -> Trigger:
    bindings = [json.loads(text) for text in function.bindings]
    if len(bindings) != 1:
        raise HostError("The local host serves only functions with one binding, their trigger.")
    binding = {
        key: _resolve(value, environment) if isinstance(value, str) else value
        for key, value in bindings[0].items()
    }
    return _trigger(function.name, binding)


def _trigger(function: str, binding: Mapping[str, Any]) -> Trigger:
    parameter, connection = binding["name"], binding.get("connection") or "AzureWebJobsStorage"
    match str(binding["type"]).lower():
        case "blobtrigger":
            wants_client = (binding.get("properties") or {}).get("SupportsDeferredBinding")
            path = BlobPath.parse(binding["path"])
            from_event_grid = str(binding.get("source")).lower() == "eventgrid"
            return BlobTrigger(
                function, parameter, connection, path, bool(wants_client), from_event_grid
            )
        case "queuetrigger":
            return QueueTrigger(function, parameter, connection, binding["queueName"])
        case "timertrigger":
            schedule = _schedule(binding["schedule"])
            return TimerTrigger(function, parameter, schedule, bool(binding.get("runOnStartup")))
        case other:
            raise HostError(f"The local host does not serve a {other}.")


def _schedule(text: str) -> str:
    try:
        croniter(text, second_at_beginning=True)
    except (CroniterError, ValueError, TypeError):
        raise HostError(f"{text!r} is not a schedule of six fields, seconds first.") from None
    if len(text.split()) != 6:
        raise HostError(f"{text!r} is not a schedule of six fields, seconds first.")
    return text


def _resolve(text: str, environment: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in environment:
            raise HostError(f"The setting {name} is missing; the binding needs it.")
        return environment[name]

    return _SETTING.sub(value, text)
