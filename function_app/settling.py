"""How a batch's outcome changes its run's counts and checkpoint: a pure decision."""

from dataclasses import dataclass, replace

from contract.product import Rejection
from contract.run import Checkpoint, Run
from function_app.answers import Trouble
from function_app.batching import BATCH_SIZE, Batch


@dataclass(frozen=True, slots=True)
class BatchTrouble:
    """Which batch met which trouble."""

    batch: int
    """Its number, from 1."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of one batch."""

    batch: Batch
    settled: int
    """How many of its products, counted from the first, were accepted or rejected."""

    rejections: tuple[Rejection, ...] = ()
    message: str | None = None
    """Digible's words, if it sent any."""

    warning: str | None = None
    """Why perhaps not all of the products that count as accepted were taken."""

    trouble: Trouble | None = None
    """Why the rest of the batch was not sent."""


def settle(run: Run, outcome: BatchOutcome) -> Run:
    """Return the run after a batch's outcome."""
    batch, position = outcome.batch, run.checkpoint.position
    if outcome.settled == len(batch.products):
        ahead = {*run.checkpoint.ahead, batch.number}
        while (following := position // BATCH_SIZE + 1) in ahead:
            ahead.remove(following)
            position = following * BATCH_SIZE
    elif batch.start == position:
        ahead = set(run.checkpoint.ahead)
        position += outcome.settled
    else:  # the checkpoint can't describe a settled part after a gap: it is sent again
        return run
    settled = replace(
        run.with_rejections(outcome.rejections).with_warning(outcome.warning, batch.number),
        accepted=run.accepted + outcome.settled - len(outcome.rejections),
        checkpoint=Checkpoint(position, tuple(sorted(ahead))),
        batches_acknowledged=position // BATCH_SIZE + len(ahead),
    )
    if not outcome.settled:
        return settled
    if run.waiting_since is not None:  # the message says what it waited for
        settled = replace(settled, message=progress(settled))
    return replace(settled, waiting_since=None, retries=0)


def progress(run: Run) -> str:
    """Return what a run does while it is being sent, in words for the shop owner."""
    return f"Sending {run.not_sent:,} products to Digible."
