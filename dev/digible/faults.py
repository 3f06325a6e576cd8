"""How the stand-in misbehaves, for how many requests."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong."""

    LATE = "late"
    """Nothing but the delay."""

    STATUS = "status"
    """Refuses with `status`, `body` and perhaps `retry_after`."""

    DROP_BEFORE = "drop_before"
    """Closes the connection without accepting anything."""

    DROP_AFTER = "drop_after"
    """Accepts, then closes the connection without an answer."""

    HTML = "html"
    """Answers 200 with a page instead of JSON; accepts nothing."""

    SUCCESS_FALSE = "success_false"
    """Answers 200 with JSON that says the call failed; accepts nothing."""

    REFUSE = "refuse"
    """Answers 400 naming the product, when the batch holds one of `product_ids`."""

    TRICKLE = "trickle"
    """Accepts, then answers a byte a second."""

    ENDLESS = "endless"
    """Accepts, then answers without end."""

    REDIRECT = "redirect"
    """Answers 307 to `url`; accepts nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave."""

    kind: FaultKind
    times: int | None = 1
    """For how many requests; None for all that come."""

    latency_ms: int = 0
    """Waits so long first, whatever the kind."""

    status: int = 500
    body: str = '{"message": "The stand-in was asked to fail"}'
    retry_after: str | None = None
    """Value of the header, seconds or an HTTP date."""

    product_ids: tuple[str | int, ...] = ()
    url: str = ""


class FaultError(ValueError):
    """A fault can't be understood; the message says why."""


def decode_faults(decoded: object) -> list[Fault]:
    """Read the list of faults of PUT /control/faults: objects with the keys of Fault; raises FaultError."""
    if not isinstance(decoded, list) or not all(isinstance(item, dict) for item in decoded):
        raise FaultError("A list of objects is expected.")
    return [_decode(item) for item in decoded]


def _decode(item: dict[str, Any]) -> Fault:
    unknown = item.keys() - {field.name for field in fields(Fault)}
    if unknown:
        raise FaultError(f"A fault has no {', '.join(sorted(unknown))}.")
    try:
        kind = FaultKind(item.get("kind", FaultKind.LATE))
    except ValueError as error:
        raise FaultError(f"{error}; the kinds are {', '.join(FaultKind)}.") from None
    numbers = (item.get("times") or 0, item.get("latency_ms", 0), item.get("status", 0))
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise FaultError("times, latency_ms and status are whole numbers.")
    given = dict(item, kind=kind)
    if "product_ids" in given:
        given["product_ids"] = tuple(given["product_ids"])
    if given.get("retry_after") is not None:
        given["retry_after"] = str(given["retry_after"])
    return Fault(**given)


class FaultPlan:
    """The faults to come, in order; each request takes the first that concerns it. Safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[Fault, int | None]] = []

    def replace(self, faults: Iterable[Fault]) -> None:
        """Forget what was planned, and plan these."""
        with self._lock:
            self._left = [(fault, fault.times) for fault in faults]

    def add(self, fault: Fault) -> None:
        """Plan one more, after the others."""
        with self._lock:
            self._left.append((fault, fault.times))

    def take(self, product_ids: frozenset[str | int]) -> Fault | None:
        """Give the fault for a request with these products, or None; it counts as one of its times."""
        with self._lock:
            for place, (fault, left) in enumerate(self._left):
                if left == 0:
                    continue
                if fault.kind is FaultKind.REFUSE and product_ids.isdisjoint(fault.product_ids):
                    continue
                self._left[place] = (fault, None if left is None else left - 1)
                return fault
        return None
