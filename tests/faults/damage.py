"""The blobs that a run works with are damaged, deleted or overwritten."""

from dataclasses import replace

from contract.run import RunState
from tests.faults.catalogues import Catalogue, good, overtaken
from tests.faults.trial import Trial

_RUBBISH = (
    b"",
    b"{",
    b"\x00\xff" * 300,
    b"[]",
    b'{"version": 1, "products": {"read": -1}}',
    b"null",
)


def _under_way(trial: Trial) -> None:
    trial.stack.digible.latency = 0.05
    trial.drop_stores(len(_RUBBISH), 25)
    trial.stack.start_host(len(_RUBBISH))
    trial.until_under_way(3)
    trial.tries += len(_RUBBISH)


def _record(catalogue: Catalogue) -> str:
    return f"{catalogue.store}/{catalogue.run}.json"


def record_damaged(trial: Trial) -> None:
    """Overwrite the run records with rubbish during their runs."""
    _under_way(trial)
    for catalogue, rubbish in zip(trial.catalogues, _RUBBISH, strict=True):
        trial.stack.runs.upload_blob(_record(catalogue), rubbish, overwrite=True)


def record_deleted(trial: Trial) -> None:
    """Delete the run records during their runs."""
    _under_way(trial)
    for catalogue in trial.catalogues:
        trial.stack.runs.delete_blob(_record(catalogue))


def record_damaged_and_host_killed(trial: Trial) -> None:
    """Overwrite the records of runs whose host is dead: now nobody knows how far the runs got."""
    _under_way(trial)
    host = trial.stack.hosts[-1]
    trial.interrupted(spares=float("inf"))
    host.kill()
    for catalogue, rubbish in zip(trial.catalogues, _RUBBISH, strict=True):
        trial.stack.runs.upload_blob(_record(catalogue), rubbish, overwrite=True)
    trial.stack.start_host()


def catalogue_deleted(trial: Trial) -> None:
    """Delete catalogues during their delivery; they are too large for the host to hold whole."""
    trial.stack.digible.latency = 0.05
    for number in range(1, 7):
        store = f"store{number:03}"
        large = replace(good(store, 25, name=f"{store}/large.json"), name_length=3_000)
        trial.drop(replace(large, is_withdrawn=True, may_end=frozenset({RunState.FAILED})))
    trial.stack.start_host(len(trial.catalogues))
    trial.until_under_way(3)
    for catalogue in trial.catalogues:
        trial.stack.catalogs.delete_blob(catalogue.name)
    trial.tries += len(trial.catalogues)


def catalogue_deleted_while_nobody_works(trial: Trial) -> None:
    """Kill the host and delete the catalogues: the runs' own messages find them gone."""
    _under_way(trial)
    trial.kill(trial.stack.hosts[-1])
    for catalogue in list(trial.catalogues):
        trial.stack.catalogs.delete_blob(catalogue.name)
        may_end = frozenset({RunState.FAILED})
        trial.amend(catalogue, replace(catalogue, is_withdrawn=True, may_end=may_end))
    trial.stack.start_host()


def catalogue_overwritten(trial: Trial) -> None:
    """Overwrite the catalogues with newer ones during their delivery."""
    _under_way(trial)
    for catalogue in list(trial.catalogues):
        trial.amend(catalogue, overtaken(catalogue, may_be_missed=False))
        trial.drop(good(catalogue.store, 25, 2))
