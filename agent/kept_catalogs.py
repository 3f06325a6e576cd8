"""Keeps the catalogue that was last delivered, so that the next one can be compared with it."""

import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from agent.errors import AgentError
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

    One is `delivered.json.gz`. Those in `pending/` were uploaded, and whether they are delivered is
    not known yet, or may still change: a run that failed can be resumed.
    """

    def __init__(self, folder: Path) -> None:
        """Take the store's state folder, in which there may be nothing yet."""
        self._delivered = folder / f"delivered{_ENDING}"
        self._pending = folder / "pending"

    def delivered(self) -> tuple[IO[bytes], datetime] | None:
        """Open the catalogue that was last delivered, and say when it was read from the database.

        None if there is none. Raises UnreadableError.
        """
        try:
            file = self._delivered.open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnreadableError(error.strerror or str(error)) from error
        return file, datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)

    def keep(self, run: RunId, catalog: IO[bytes]) -> None:
        """Keep the catalogue of a run that has just begun; raises OSError."""
        self._pending.mkdir(parents=True, exist_ok=True)
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
            with suppress(OSError):
                unfinished.unlink()

    def settle(self, read: Callable[[RunId], Run | None]) -> None:
        """Ask with `read`, which may raise AgentError, how the runs ended that are not known yet."""
        for path in self._waiting():
            try:
                run = read(RunId(path.name.removesuffix(_ENDING)))
            except AgentError as error:  # whatever it is, the upload will meet it again
                logger.debug("the outcome of an earlier run stays unknown: %s", error)
                break
            if run is not None:
                self.conclude(run)
        for path in (*self._pending.glob("*.part"), *self._waiting()[:-_MOST_PENDING]):
            with suppress(OSError):
                path.unlink()

    def conclude(self, run: Run) -> None:
        """Draw the consequences of how a run stands now; one that nothing is kept of has none."""
        waiting = self._waiting()
        # Looked up rather than named: the id of somebody else's run may be any path.
        path = next((each for each in waiting if each.name == f"{run.run}{_ENDING}"), None)
        if path is None or not run.state.is_final or run.state.is_resumable:
            return
        try:
            if run.state not in DELIVERED:
                path.unlink()
                return
            path.replace(self._delivered)
            # Older ones can't come after it any more.
            for older in waiting[: waiting.index(path)]:
                older.unlink()
        except OSError as error:  # on Windows: somebody is reading it
            logger.debug("%s can't be put in its place now: %s", path, error)

    def _waiting(self) -> list[Path]:
        """Return what is pending, the oldest first."""
        return sorted(self._pending.glob(f"*{_ENDING}"))
