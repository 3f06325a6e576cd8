"""An upload, or the resumption of one, on this computer: alone, awake, and with a note of its end."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.awake import awake
from agent.command_line.outcome import exit_code, where_to_look
from agent.command_line.redaction import Redaction
from agent.errors import AgentError, ExitCode, StoppedError
from agent.kept_catalogs import KeptCatalogs
from agent.lock import Lock
from agent.showing import shown
from agent.state import LastRun, last_run, note_last_run
from contract.blobs import RunId
from contract.run import Run, RunState

logger = logging.getLogger(__name__)

_GOOD = frozenset({ExitCode.SUCCEEDED, ExitCode.COMPLETED_WITH_REJECTIONS})


@dataclass(slots=True)
class Session:
    """What is known so far of how an upload ends."""

    kept: KeptCatalogs
    run: RunId | None = None
    state: RunState | None = None
    message: str = ""
    exit_code: int = ExitCode.FAILED

    @property
    def is_under_way(self) -> bool:
        """Whether the catalogue is in the cloud, and nobody has seen what became of it."""
        return self.run is not None and self.state is None

    def has_begun(self, run: RunId) -> None:
        """The catalogue is uploaded, and this is its run."""
        self.run = run

    def has_ended(self, run: Run) -> ExitCode:
        """Take how the run ended, and return the exit code that this leads to."""
        self.run, self.state = run.run, run.state
        self.message = shown(run.message) or f"The run ended as {run.state}."
        self.kept.conclude(run)
        self.exit_code = exit_code(run.state)
        return ExitCode(self.exit_code)


@dataclass(frozen=True, slots=True)
class _Note:
    """Writes how a session ended."""

    folder: Path
    redaction: Redaction
    session: Session = field(repr=False)

    def write(self, code: int, message: str) -> None:
        now, before = datetime.now(UTC), last_run(self.folder)
        succeeded_at = before.succeeded_at if before is not None else None
        if code in _GOOD and self.session.state is not None:
            succeeded_at = now
        text = self.redaction.hide(message)
        ended = LastRun(now, code, text, self.session.run, self.session.state, succeeded_at)
        try:
            note_last_run(self.folder, ended)
        except OSError as error:
            logger.debug("how it ended can't be noted: %s", error)


@contextmanager
def session(folder: Path, redaction: Redaction) -> Iterator[Session]:
    """Give the block a session, whose end is noted in the store's state folder.

    Raises AgentError if another one is running on this computer, or nothing can be written there.
    """
    with Lock(folder), awake():
        found = Session(KeptCatalogs(folder))
        note = _Note(folder, redaction, found)
        try:
            with _stopped_late(found):
                yield found
        except BaseException as error:
            note.write(*_end_of(found, error))
            raise
        note.write(found.exit_code, found.message)


def _end_of(found: Session, error: BaseException) -> tuple[int, str]:
    """Return the exit code and the message of a session that ended with an error."""
    if isinstance(error, AgentError):
        return error.exit_code, str(error)
    if found.state is not None:  # the outcome is known; nobody was there to read it
        return found.exit_code, found.message
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.STOPPED, "It was stopped. Nothing was uploaded."
    return ExitCode.FAILED, f"Something unexpected happened ({type(error).__name__})."


@contextmanager
def _stopped_late(found: Session) -> Iterator[None]:
    """Say that the run goes on, wherever the block is interrupted after the upload."""
    try:
        yield
    except KeyboardInterrupt:
        if not found.is_under_way or found.run is None:
            raise
        look = where_to_look(found.run)
        raise StoppedError(
            f"Stopped. The upload is done, and its run goes on in the cloud.\n{look}"
        ) from None
