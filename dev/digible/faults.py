"""How the stand-in misbehaves, and for how many requests."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong."""

    LATE = "late"
    """Only delays the response."""

    STATUS = "status"
    """Refuses with `status`, `body` and, if set, `retry_after`."""

    DROP_BEFORE = "drop_before"
    """Closes the connection without accepting anything."""

    DROP_AFTER = "drop_after"
    """Accepts the batch, then closes the connection without a response."""

    HTML = "html"
    """Responds 200 with an HTML page instead of JSON; accepts nothing."""

    SUCCESS_FALSE = "success_false"
    """Responds 200 with JSON that says the call failed; accepts nothing."""

    REFUSE = "refuse"
    """Responds 400 and names the product, if the batch contains one of `product_ids`."""

    TRICKLE = "trickle"
    """Accepts the batch, then responds at one byte a second."""

    ENDLESS = "endless"
    """Accepts the batch, then sends a response that never ends."""

    REDIRECT = "redirect"
    """Redirects to `url` with a 307; accepts nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave."""

    kind: FaultKind
    times: int | None = 1
    """For how many requests; None means for all."""

    latency_ms: int = 0
    """How long to wait first, whatever the kind."""

    status: int = 500
    body: str = '{"message": "The stand-in was asked to fail"}'
    retry_after: str | None = None
    """The header's value: seconds or an HTTP date."""

    product_ids: tuple[str | int, ...] = ()
    url: str = ""


class FaultError(ValueError):
    """A fault is invalid; the message says why."""


def decode_faults(decoded: object) -> list[Fault]:
    """Read the faults of PUT /control/faults, a list of objects with the keys of Fault.

    Raise FaultError if they are invalid.
    """
    if not isinstance(decoded, list) or not all(isinstance(item, dict) for item in decoded):
        raise FaultError("A list of objects is expected.")
    return [_decode(item) for item in decoded]


def _decode(item: dict[str, Any]) -> Fault:
    unknown = item.keys() - {field.name for field in fields(Fault)}
    if unknown:
        raise FaultError(f"A fault has no key {', '.join(sorted(unknown))}.")
    try:
        kind = FaultKind(item.get("kind", FaultKind.LATE))
    except ValueError as error:
        raise FaultError(f"{error}; the kinds are {', '.join(FaultKind)}.") from None
    numbers = (item.get("times") or 0, item.get("latency_ms", 0), item.get("status", 0))
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise FaultError("times, latency_ms and status must be whole numbers.")
    given = dict(item, kind=kind)
    if "product_ids" in given:
        given["product_ids"] = tuple(given["product_ids"])
    if given.get("retry_after") is not None:
        given["retry_after"] = str(given["retry_after"])
    return Fault(**given)


class FaultPlan:
    """The planned faults, in order; each request takes the first that applies. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[Fault, int | None]] = []

    def replace(self, faults: Iterable[Fault]) -> None:
        """Replace all planned faults with these."""
        with self._lock:
            self._left = [(fault, fault.times) for fault in faults]

    def add(self, fault: Fault) -> None:
        """Plan one more fault, after the others."""
        with self._lock:
            self._left.append((fault, fault.times))

    def take(self, product_ids: frozenset[str | int]) -> Fault | None:
        """Return the fault for a request with these products, or None; count it as used once."""
        with self._lock:
            for place, (fault, left) in enumerate(self._left):
                if left == 0:
                    continue
                if fault.kind is FaultKind.REFUSE and product_ids.isdisjoint(fault.product_ids):
                    continue
                self._left[place] = (fault, None if left is None else left - 1)
                return fault
        return None
