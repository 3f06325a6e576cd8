"""The table of the matrix, on the screen and as docs/reliability.md: pure text."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.measuring import Result

_HEADINGS = (
    "fault",
    "times tried",
    "products lost",
    "batches sent twice (most per run and interruption)",
    "older over newer",
    "ended in the right state",
)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How a matrix was measured."""

    command: str
    date: str
    machine: str
    seed: str
    minutes: float
    posts: int
    """How many POSTs Digible saw in all."""


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Give the cells of each row of the table."""
    cells: list[tuple[str, ...]] = []
    for result in results:
        verdict = result.verdict
        cells.append(
            (
                result.fault.what,
                f"{result.tries:,}",
                f"{verdict.lost:,}",
                f"{verdict.resent:,} ({verdict.most_resent})",
                f"{verdict.backwards:,}",
                f"{verdict.ended_right:,} of {verdict.runs:,}",
            )
        )
    return cells


def table(results: Sequence[Result]) -> str:
    """Give the table in Markdown, which reads as well on a screen."""
    lines = [_HEADINGS, ("---", *["---:"] * (len(_HEADINGS) - 1)), *rows(results)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def complaints(results: Sequence[Result]) -> list[str]:
    """Give everything that is not as promised."""
    return [f"{each.fault.name}: {words}" for each in results for words in each.verdict.complaints]


def document(results: Sequence[Result], measured: Circumstances) -> str:
    """Give docs/reliability.md."""
    found = complaints(results)
    outcome = "Nothing was found that is not as promised." if not found else "**Found wrong:**\n"
    parts = [
        _PROMISES,
        _how(measured),
        "## What came out\n",
        table(results),
        "",
        *[f"- {note}" for result in results for note in result.notes],
        "",
        outcome,
        *[f"- {words}" for words in found],
        _READING,
        _NOT_COVERED,
    ]
    return "\n".join(parts)


def _how(measured: Circumstances) -> str:
    return f"""## How it was measured

`{measured.command}` on {measured.date}, seed `{measured.seed}`, in {measured.minutes:.0f} minutes on {measured.machine}; {measured.posts:,} POSTs.

It runs the real thing as processes: the function app in the local host (Microsoft's own worker library), Azurite as storage,
the agent as `python -m agent`. A proxy between host and storage and the Digible stand-in see every request, and hold or cut it
where a fault asks for that. Kills are SIGKILL. Every version of every product has a price of its own, so that what Digible has
accepted tells which catalogue it came from; every version of every run record is read as it is written.
In the end all runs are awaited, and what Digible saw is compared with the catalogues and the records.
"""


_PROMISES = """# Reliability

This file is written by `make faults`, never by hand.

## What is promised

- **Nothing is lost.** Every product of a store's newest good catalogue that can be sent arrives with its exact price, whatever dies
  on the way, and a run record never counts a product as accepted that Digible did not accept.
- **Nearly once.** When the host dies, or a connection breaks, at most the one batch that was under way is sent again (with
  `DIGIBLE_CONCURRENCY=n`, at most n of each run). Products are upserted by their ids, so that the second time changes nothing.
- **Never backwards.** No product goes from a newer price to an older one.
- **Never silent.** Every run ends in the state that says what became of it, and in every version of its record
  read = accepted + rejected + not_sent.
"""

_READING = """
## How to read it

*Times tried*: how often the fault struck a run (or, where it strikes at random, how often it struck).
*Products lost*: products that Digible does not hold, in the end, as the newest good catalogue has them, and products that a
record counted as accepted before they were. *Batches sent twice*: POSTs that held products of a batch which Digible had been
sent before and had not itself turned down (a 503 asks for another try, and is not counted); in brackets, the most of one run
after one interruption. *Right state*: the run record's, with the right counts.
"""

_NOT_COVERED = """
## What is not covered

- Azure itself. Azurite stands for its storage, a local host for its Functions host; neither was ever seen to lose
  what it had confirmed, and nothing here shows what follows if the real ones do.
- A POST that Digible carries out more than five seconds after its last byte came in, from a worker that died or stood still, while a
  newer catalogue is being sent. Then one batch of older prices may come after newer ones. The next upload mends it.
- A run record that is lost or damaged while nobody works on the run: the run begins anew, and sends again what it had sent.
- A version that is overwritten under its name before anybody saw it has no run of its own; the one after it has.
- What Digible does with a product it has accepted. Products that were deleted in the shop stay there: nothing is removed.
- The wait of 24 hours after which an outage of Digible becomes `failed`; unit tests pass through it with a clock of their own.
"""
