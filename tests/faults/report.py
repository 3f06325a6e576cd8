"""The results of the matrix as text: the table, and docs/reliability.md around it."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.measuring import Result
from tests.faults.retries import FACTOR

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
    """How many POSTs Digible saw in total."""


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return the cells of each row of the table."""
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
    """Return the table in Markdown, which is also readable on a screen."""
    lines = [_HEADINGS, ("---", *["---:"] * (len(_HEADINGS) - 1)), *rows(results)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def complaints(results: Sequence[Result]) -> list[str]:
    """Return everything that is not as promised, in words."""
    return [f"{each.fault.name}: {words}" for each in results for words in each.verdict.complaints]


def document(results: Sequence[Result], measured: Circumstances) -> str:
    """Return the text of docs/reliability.md."""
    found = complaints(results)
    outcome = "No broken promise was found." if not found else "**Broken promises:**\n"
    parts = [
        _PROMISES,
        _how(measured),
        "## Results\n",
        table(results),
        "",
        *[_bullet(note) for result in results for note in result.notes],
        "",
        outcome,
        *[_bullet(words) for words in found],
        _READING,
        _NOT_COVERED,
    ]
    return "\n".join(parts)


def _bullet(words: str) -> str:
    return _wrapped(f"- {words}", indent="  ")


def _wrapped(words: str, indent: str = "") -> str:
    return textwrap.fill(
        words, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _how(measured: Circumstances) -> str:
    circumstances = (
        f"`{measured.command}` on {measured.date}, seed `{measured.seed}`, "
        f"in {measured.minutes:.0f} minutes on {measured.machine}; {measured.posts:,} POSTs."
    )
    return f"""## How it was measured

{_wrapped(circumstances)}

The real parts run as processes: the function app in the local host (Microsoft's own worker
library), Azurite as storage, and the agent as `python -m agent`. A proxy between each host and
storage, and the Digible stand-in, see every request, and hold or cut it where a fault asks for
that. New blobs are announced by events, as Event Grid would: at least once, one in eight twice, to
any host. Kills are SIGKILL, and end host and worker together. Every catalogue has its own price for
every product, so the prices that Digible has accepted show which catalogue they came from. Every
run record is read each time it is written. At the end, all runs are awaited, and what Digible saw
is compared with the catalogues and the records.

The local host behaves as Azure's, with all of its times multiplied by {FACTOR}: what a killed host
worked on is away for two minutes instead of ten, and storage may be away for 5 s instead of 25.
The message with which a run waits for its worker's death is due in two minutes; what is left of
these when the worker has died is multiplied by {FACTOR} too, as is every wait in the queue of a
minute or more that is promised to nobody. Leases, and all that the function and Digible do, take
as long as they do in Azure.
"""


_PROMISES = """# Reliability

`make faults` writes this file. Don't edit it by hand.

## What is promised

- **Nothing is lost.** Every product of a store's newest good catalogue that can be sent arrives
  with its exact price, whatever dies on the way. A run record never counts a product as accepted
  that Digible did not accept.
- **Nearly once.** When the host dies or a connection breaks, at most the one batch that was under
  way is sent again (with `DIGIBLE_CONCURRENCY=n`, at most n batches of each run). Products are
  upserted by id, so sending them a second time changes nothing.
- **Never backwards.** No product goes from a newer price to an older one.
- **Soon again.** When host and worker die together, a run goes on within three minutes.
- **Never silent.** Every run ends in the state that says what became of it. Whenever its record is
  written, read = accepted + rejected + not_sent.
"""

_READING = """
## How to read it

- *Times tried*: how many runs the fault struck; for a fault that strikes at random, how many times
  it struck.
- *Products lost*: products that Digible does not have, in the end, as the newest good catalogue has
  them, and products that a record counted as accepted before they were.
- *Batches sent twice*: POSTs with products of a batch that had already been sent to Digible and
  that Digible had not refused (a 503 asks for another try, and is not counted). In brackets: the
  most for one run after one interruption.
- *Ended in the right state*: runs whose record has the right state and the right counts.
"""

_NOT_COVERED = """
## What is not covered

- Azure itself. Azurite stands in for its storage, and the local host for its Functions host.
  Neither was ever seen to lose what it had confirmed, and nothing here shows what happens if the
  real ones do. `python -m tests.faults --triggers original` tries the same faults with Microsoft's
  own triggers calling the app, in Azure's times, except for a few faults that it names.
- A POST that Digible carries out more than a minute (`DIGIBLE_IN_DOUBT_SECONDS`) after its sender
  gave up on it, or died, when a newer catalogue has been sent. One batch of older prices then comes
  after newer ones. The next upload repairs that.
- A run record that is lost or damaged while no worker works on the run. The run starts over, and
  sends again what it had sent.
- A version that is overwritten under its name before anybody saw it. It has no run; the version
  after it has one.
- What Digible does with a product that it has accepted. Products that were deleted in the shop stay
  at Digible: nothing is removed.
- The 24 hours after which an outage of Digible becomes `failed`. Only unit tests cover them, with a
  simulated clock.
"""
