"""Keeps the catalogue that was last delivered, so that the next one can be compared with it."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from agent.errors import AgentError, StorageUnavailableError
from agent.state import for_everyone
from contract.blobs import RunId
from contract.run import DELIVERED, Run

logger = logging.getLogger(__name__)

_ENDING = ".json.gz"
_MOST_PENDING = 5


class UnreadableError(Exception):
    """The catalogue that was last delivered can't be read back; says why."""


class KeptCatalogs:
    """The catalogues in a store's state folder, as they were uploaded.

    One is `delivered.json.gz`, whose file's time is when its run began. Those in `pending/` were
    uploaded, and whether they are delivered is not known yet, or may still change: a run that failed
    can be resumed. The clock of this computer, which their names are from, may be wrong; so which
    came first is for the cloud to say.
    """

    def __init__(self, folder: Path) -> None:
        """Take the store's state folder, in which there may be nothing yet."""
        self._delivered = folder / f"delivered{_ENDING}"
        self._pending = folder / "pending"
        self._latest: RunId | None = None  # of the catalogue that was kept just now

    def delivered(self) -> tuple[IO[bytes], datetime] | None:
        """Open the catalogue that was last delivered, and say when its run began.

        None if there is none. Raises UnreadableError.
        """
        try:
            file = self._delivered.open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnreadableError(error.strerror or str(error)) from error
        return file, _modified_at(os.fstat(file.fileno()))

    def keep(self, run: RunId, catalog: IO[bytes]) -> None:
        """Keep the catalogue of a run that has just begun; raises OSError."""
        self._pending.mkdir(parents=True, exist_ok=True)
        self._latest = run
        path = self._pending / f"{run}{_ENDING}"
        unfinished = path.with_name(f"{path.name}.part")
        try:
            catalog.seek(0)
            with unfinished.open("wb") as file:
                shutil.copyfileobj(catalog, file)
                file.flush()
                os.fsync(file.fileno())
            for_everyone(unfinished)
            unfinished.replace(path)
        finally:
            _remove(unfinished)

    def settle(self, read: Callable[[RunId], Run | None]) -> None:
        """Ask with `read`, which may raise AgentError, how the runs ended that are not known yet."""
        known = sorted(self._known(read), key=lambda each: each[1].started_at)
        for path, run in known:
            self._conclude(path, run)
        # What began before the catalogue that was delivered can't come after it any more.
        delivered_at = self._delivered_at()
        outdated = [path for path, run in known if run.started_at < delivered_at]
        surplus = [path for path in self._waiting() if path not in outdated][:-_MOST_PENDING]
        for path in (*outdated, *surplus, *self._pending.glob("*.part")):
            _remove(path)

    def conclude(self, run: Run) -> None:
        """Draw the consequences of how a run stands now; one that nothing is kept of has none."""
        waiting = self._waiting()
        # Looked up rather than named: the id of somebody else's run may be any path.
        path = next((each for each in waiting if each.name == f"{run.run}{_ENDING}"), None)
        if path is None:
            return
        is_latest = run.run == self._latest
        if self._conclude(path, run, is_latest=is_latest) and is_latest:
            # One upload at a time runs on this computer, so all others began before this one.
            for other in waiting:
                _remove(other)

    def _known(self, read: Callable[[RunId], Run | None]) -> Iterator[tuple[Path, Run]]:
        """Yield what is pending with its run, as far as the cloud says anything about it."""
        for path in self._waiting():
            try:
                run = read(RunId(path.name.removesuffix(_ENDING)))
            except AgentError as error:  # whatever it is, the upload will meet it again
                logger.debug("the outcome of an earlier run stays unknown: %s", error)
                # If storage is away, each further try would last as long as this one.
                if isinstance(error, StorageUnavailableError):
                    return
            else:
                if run is not None:
                    yield path, run

    def _conclude(self, path: Path, run: Run, *, is_latest: bool = False) -> bool:
        """Draw the consequences for one catalogue; return whether it is now the delivered one."""
        if not run.state.is_final or run.state.is_resumable:
            return False
        is_outdated = not is_latest and run.started_at < self._delivered_at()
        try:
            if is_outdated or run.state not in DELIVERED:
                path.unlink()
                return False
            with suppress(OSError):  # the file may be another account's
                os.utime(path, (run.started_at.timestamp(),) * 2)
            path.replace(self._delivered)
        except OSError as error:  # on Windows: somebody is reading it
            logger.debug("%s can't be put in its place now: %s", path, error)
            return False
        return True

    def _delivered_at(self) -> datetime:
        """Return when the run of the delivered catalogue began; long ago if there is none."""
        try:
            return _modified_at(self._delivered.stat())
        except OSError:
            return datetime.min.replace(tzinfo=UTC)

    def _waiting(self) -> list[Path]:
        """Return what is pending, in the order of this computer's clock."""
        return sorted(self._pending.glob(f"*{_ENDING}"))


def _modified_at(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
