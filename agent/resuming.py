"""Which run a login can bring back: a pure decision."""

from collections.abc import Iterable

from contract.run import Run, RunState

_NEVER_SENT = frozenset({RunState.INVALID_CATALOG, RunState.SUPERSEDED})


def stopped_by_expiry(runs: Iterable[Run]) -> Run | None:
    """Return the run that ended because the login had expired, if a new login can bring it back.

    `runs` are a store's, the newest first. An older catalogue never takes the place of a newer one, so
    only the newest that was good counts.
    """
    newest = next((run for run in runs if run.state not in _NEVER_SENT), None)
    return newest if newest is not None and newest.state is RunState.SESSION_EXPIRED else None
