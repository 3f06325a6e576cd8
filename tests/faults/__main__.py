"""`python -m tests.faults`: try every fault, print the table and write docs/reliability.md."""

import argparse
import os
import secrets
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.faults.calling import CALLERS
from tests.faults.matrix import FAULTS, QUICK
from tests.faults.measuring import Fault, Say, measure_all
from tests.faults.report import Circumstances, complaints, document, table

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "reliability.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix; return the exit status: 1 if anything is not as promised."""
    given = _parser().parse_args(arguments)
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    seed = given.seed or str(secrets.randbelow(1_000_000))
    caller = CALLERS[given.triggers]
    faults = _chosen(given.only, QUICK if given.quick else FAULTS)
    begun = time.monotonic()
    say = _Printer(begun).say
    if caller is not CALLERS["local"]:
        faults = list(_possible(faults, say))
    say(f"seed {seed}; {sum(fault.parts for fault in faults)} stacks, {given.lanes} in parallel")
    results = measure_all(faults, seed, say, lanes=given.lanes, quick=given.quick, caller=caller)
    minutes = (time.monotonic() - begun) / 60
    say(f"{minutes:.1f} minutes, seed {seed}\n\n{table(results)}\n")
    for note in (note for result in results for note in result.notes):
        say(note)
    found = complaints(results)
    for words in found:
        say(f"WRONG {words}")
    if caller is CALLERS["local"] and not given.only and not given.quick:
        posts = sum(result.posts for result in results)
        measured = Circumstances(
            f"make faults ARGS='--seed {seed}'", _today(), _machine(), seed, minutes, posts
        )
        DOCUMENT.write_text(document(results, measured), encoding="utf-8", newline="\n")
        say(f"wrote docs/{DOCUMENT.name}")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description="Kill, cut and corrupt everything on the way; write docs/reliability.md.",
    )
    parser.add_argument("--seed", help="for everything random (default: a new one, printed)")
    parser.add_argument(
        "--quick", action="store_true", help="try only what `make test` tries; write nothing"
    )
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        help="try only this fault (repeatable); write nothing",
    )
    parser.add_argument(
        "--triggers",
        choices=CALLERS,
        default="local",
        help="what calls the functions: the local host, or Microsoft's own triggers, in the program "
        "that AZURE_TRIGGERS names (writes nothing)",
    )
    parser.add_argument("--lanes", type=int, default=4, help="how many stacks run in parallel")
    return parser


def _chosen(names: Sequence[str] | None, faults: Sequence[Fault]) -> list[Fault]:
    chosen = [fault for fault in faults if not names or fault.name in names]
    unknown = set(names or ()) - {fault.name for fault in faults}
    if unknown:
        known = ", ".join(fault.name for fault in faults)
        sys.exit(f"Unknown fault: {', '.join(sorted(unknown))}. The faults are {known}.")
    return chosen


def _possible(faults: Iterable[Fault], say: Say) -> Iterator[Fault]:
    """Yield the faults that can be tried with Microsoft's triggers; say why the others can't."""
    if not os.environ.get("AZURE_TRIGGERS"):
        sys.exit("Set AZURE_TRIGGERS to the path of the program with Microsoft's triggers.")
    for fault in faults:
        if fault.only_local:
            say(f"{fault.name}: left out: {fault.only_local}")
        else:
            yield fault


class _Printer:
    """Prints whole lines with the time, from any thread."""

    def __init__(self, begun: float) -> None:
        self._begun, self._lock = begun, threading.Lock()

    def say(self, words: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._begun), 60)
        with self._lock:
            print(f"{minutes:02}:{seconds:02} {words}", flush=True)


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _machine() -> str:
    memory = psutil.virtual_memory().total / (1 << 30)
    return f"{os.cpu_count()} cores and {memory:.0f} GB ({sys.platform}, Python {sys.version.split()[0]})"


if __name__ == "__main__":
    sys.exit(main())
