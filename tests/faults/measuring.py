"""Try faults, several in parallel, each on its own stack, and collect the results."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from azure.core.exceptions import AzureError

from dev.processes import ProcessError
from tests.faults.calling import CALLERS, Caller
from tests.faults.stack import Stack
from tests.faults.trial import FaultError, Trial
from tests.faults.verdict import Verdict

_PREFIX = "shopmaster-fault-"
_TAKEN = 660.0  # seconds: ten minutes, and one of looking at the queue


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that can go wrong."""

    name: str
    """Its name for `--only`."""

    what: str
    """Its description in the table."""

    inflict: Callable[[Trial], None]
    """Inflicts the fault, and returns when only waiting is left."""

    parts: int = 1
    """How many stacks share its tries."""

    seconds: float = 180
    """How long the runs may take to end afterwards."""

    alone: bool = False
    """Whether nothing else may run in parallel, because time or memory is measured."""

    only_local: str = ""
    """Why it is not tried with Microsoft's own triggers; empty if it is."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one fault, or of one part of it."""

    fault: Fault
    tries: int
    verdict: Verdict
    seconds: float
    posts: int
    """How many POSTs Digible saw."""

    notes: tuple[str, ...] = ()


Say = Callable[[str], None]


def measure(
    fault: Fault,
    seed: str,
    say: Say,
    *,
    part: int = 0,
    quick: bool = False,
    caller: Caller = CALLERS["local"],
) -> Result:
    """Try a fault (or one part of it) on a new stack."""
    begun = time.monotonic()
    rng = Random(f"{seed}/{fault.name}/{part}")
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as made:
        stack = Stack(Path(made).resolve(), caller)
        trial, verdict = _tried(fault, stack, rng, quick=quick)
    seconds = time.monotonic() - begun
    posts = len(trial.stack.journal.posts)
    result = Result(fault, trial.tries, verdict, seconds, posts, tuple(trial.notes))
    say(f"{fault.name}: {result.tries} tries in {result.seconds:.0f} s" + _trouble(verdict))
    if verdict.complaints:
        _keep(fault.name, part, verdict, [host.output for host in trial.stack.hosts])
    return result


def _tried(fault: Fault, stack: Stack, rng: Random, *, quick: bool) -> tuple[Trial, Verdict]:
    trial = Trial(stack, rng, quick=quick)
    with stack:
        try:
            fault.inflict(trial)
            # What a host had taken when it was killed comes again after so long at the latest.
            trial.settle(fault.seconds + stack.caller.seconds(_TAKEN))
        except (FaultError, ProcessError, AzureError, OSError) as error:
            trial.complaints.append(f"the fault could not be inflicted: {error}")
        return trial, trial.verdict()


def _trouble(verdict: Verdict) -> str:
    return "".join(f"\n    {words}" for words in verdict.complaints[:10])


def _keep(name: str, part: int, verdict: Verdict, outputs: list[str]) -> None:
    """Write the complaints and the hosts' output to a file, for finding the cause."""
    folder = Path(".local") / "faults"
    folder.mkdir(parents=True, exist_ok=True)
    blocks = ["\n".join(verdict.complaints), *outputs]
    path = folder / f"{name}-{part}.log"
    path.write_text("\n\n==== a host ====\n".join(blocks), encoding="utf-8")


def measure_all(
    faults: Iterable[Fault],
    seed: str,
    say: Say,
    *,
    lanes: int,
    quick: bool = False,
    caller: Caller = CALLERS["local"],
) -> list[Result]:
    """Try all faults; return one result for each, in their order."""
    chosen = list(faults)
    beside = [(fault, part) for fault in chosen if not fault.alone for part in range(fault.parts)]
    # The longest first, so that none of them is left until the end.
    beside.sort(key=lambda each: -each[0].seconds)
    alone = [(fault, part) for fault in chosen if fault.alone for part in range(fault.parts)]

    def one(part_of: tuple[Fault, int]) -> Result:
        return measure(part_of[0], seed, say, part=part_of[1], quick=quick, caller=caller)

    with ThreadPoolExecutor(lanes) as pool:
        results = list(pool.map(one, beside))
    results += map(one, alone)
    return [_sum(fault, results) for fault in chosen]


def _sum(fault: Fault, results: Iterable[Result]) -> Result:
    parts = list(_of(fault, results))
    return Result(
        fault,
        sum(part.tries for part in parts),
        sum((part.verdict for part in parts), Verdict()),
        max(part.seconds for part in parts),
        sum(part.posts for part in parts),
        tuple(note for part in parts for note in part.notes),
    )


def _of(fault: Fault, results: Iterable[Result]) -> Iterator[Result]:
    return (result for result in results if result.fault is fault)
